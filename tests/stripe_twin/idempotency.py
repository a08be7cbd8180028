"""Idempotency keys: the first answer is given again for a day, whatever it was."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.stripe_twin.world import Refusal

KEPT_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered. is_replay: not for the first time."""

    status: int
    body: object
    is_replay: bool = False


class Keys:
    """Answers by key, of requests that were carried out. Forgotten after a day of the clock."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[int, bytes, Answer]] = {}

    def answered(self, key: str, request: str) -> Answer | None:
        """Return the answer that the key has got already.

        :raises Refusal: it was for another request
        """
        now = self._clock()
        self._kept = {k: kept for k, kept in self._kept.items() if now - kept[0] < KEPT_S}
        if key not in self._kept:
            return None
        _, digest, answer = self._kept[key]
        if digest != _digest(request):
            said = "Keys for idempotent requests can only be used with the same parameters."
            raise Refusal(400, said, kind="idempotency_error")
        return Answer(answer.status, answer.body, is_replay=True)

    def keep(self, key: str, request: str, answer: Answer) -> None:
        self._kept[key] = (self._clock(), _digest(request), answer)


def _digest(request: str) -> bytes:
    return hashlib.sha256(request.encode()).digest()

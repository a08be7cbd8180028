"""Sending events to those who asked for them, signed by Stripe's scheme v1."""

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from httpx import AsyncClient, HTTPError

from tests.stripe_twin.faults import Faults
from tests.stripe_twin.world import Object

TIMEOUT_S = 10.0
ATTEMPTS_MAX = 5
RETRY_PAUSE_S = 0.2
QUEUE_MAX = 100_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where events go. secrets: while they are rotated, each signs."""

    url: str
    secrets: Sequence[str]


def signed(body: bytes, secrets: Sequence[str], *, at_s: int) -> str:
    """Return the header `Stripe-Signature` of a body."""
    signatures = [
        hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
        for secret in secrets
    ]
    return ",".join([f"t={at_s}", *(f"v1={signature}" for signature in signatures)])


def body_of(event: Object) -> bytes:
    return json.dumps(event).encode()


class Webhooks:
    """Takes events as they happen and sends them, as far as the plan of faults lets it."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self.endpoints: list[Endpoint] = []
        self.faults = Faults()
        self.lost: list[Object] = []
        self._clock = clock
        self._held: list[Object] = []
        self._queue: asyncio.Queue[Object] = asyncio.Queue(QUEUE_MAX)

    def take(self, event: Object) -> None:
        if not self.endpoints:
            return
        if self.faults.draws(self.faults.lost_events):
            self.lost.append(event)
            return
        self._held.append(event)
        if self.faults.draws(self.faults.duplicated_events):
            self._held.append(event)
        if len(self._held) >= self.faults.shuffled_events:
            self.release()

    def release(self) -> None:
        """Send what is held back, in any order if there is more than one."""
        self.faults.chance.shuffle(self._held)
        for event in self._held:
            self._queue.put_nowait(event)
        self._held = []

    async def drained(self) -> None:
        """Wait until all that is not held back has been sent."""
        await self._queue.join()

    async def run(self) -> None:
        """Send until cancelled."""
        async with AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
            while True:
                event = await self._queue.get()
                try:
                    await asyncio.sleep(self.faults.delay_s)
                    for endpoint in self.endpoints:
                        await self._send(client, endpoint, event)
                finally:
                    self._queue.task_done()

    async def _send(self, client: AsyncClient, endpoint: Endpoint, event: Object) -> None:
        body = body_of(event)
        for attempt in range(1, ATTEMPTS_MAX + 1):
            headers = {
                "Content-Type": "application/json; charset=utf-8",
                "Stripe-Signature": signed(body, endpoint.secrets, at_s=self._clock()),
            }
            try:
                response = await client.post(endpoint.url, content=body, headers=headers)
            except HTTPError as error:
                log.info("twin.undelivered", extra={"reason": repr(error)})
            else:
                if response.is_success:
                    return
            await asyncio.sleep(RETRY_PAUSE_S * attempt)
        self.lost.append(event)

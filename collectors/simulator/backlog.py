"""What a simulated collector has read and nobody has acknowledged yet. Time is passed in."""

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Final

UNACKED_MAX: Final = 10_000


class BacklogFull(Exception):
    """As many messages wait for an ack as fit; none was added."""


class NotAnswered(Exception):
    """A message got no ack though it was sent as often as allowed; it is kept."""


@dataclass(slots=True)
class Pending:
    """One message, or all fragments of one, until its ack comes.

    digests: of its stored frames, in order.
    sent: how often on this connection.
    """

    reference_id: str
    data: bytes
    digests: tuple[bytes, ...]
    sent: int = 0
    sent_at_s: float = 0.0


class Backlog:
    """Sends everything in order, and again until it is acked.

    retry_interval_s, retry_count: how long to wait for an ack, and how often to send again.
    """

    def __init__(
        self, *, retry_interval_s: float, retry_count: int, unacked_max: int = UNACKED_MAX
    ) -> None:
        self._retry_interval_s = retry_interval_s
        self._retry_count = retry_count
        self._unacked_max = unacked_max
        self._unsent: deque[Pending] = deque()
        # In the order of their last sending, so that the first is the next to be sent again.
        self._in_flight: OrderedDict[str, Pending] = OrderedDict()

    def __len__(self) -> int:
        return len(self._unsent) + len(self._in_flight)

    def add(self, pending: Pending) -> None:
        """Queue a message.

        :raises BacklogFull: it was not added
        """
        if len(self) >= self._unacked_max:
            raise BacklogFull(f"{self._unacked_max} messages wait for an ack")
        self._unsent.append(pending)

    def next_due(self, now_s: float) -> Pending | None:
        """Return what is to be sent now, and count it as sent; None if there is nothing.

        :raises NotAnswered: the connection is of no use any more
        """
        pending = self._overdue(now_s)
        if pending is None and self._unsent:
            pending = self._unsent.popleft()
        if pending is None:
            return None
        pending.sent += 1
        pending.sent_at_s = now_s
        self._in_flight[pending.reference_id] = pending
        self._in_flight.move_to_end(pending.reference_id)
        return pending

    def idle_s(self, now_s: float) -> float | None:
        """Return how long nothing has to be sent again; None if nothing is under way."""
        for oldest in self._in_flight.values():
            return max(0.0, oldest.sent_at_s + self._retry_interval_s - now_s)
        return None

    def settle(self, reference_id: str) -> Pending | None:
        """Take out what was answered; None if it was answered before, or never sent."""
        return self._in_flight.pop(reference_id, None)

    def disconnected(self) -> None:
        """Count everything without an answer as not sent, in the order of its last sending."""
        for pending in reversed(self._in_flight.values()):
            pending.sent = 0
            self._unsent.appendleft(pending)
        self._in_flight.clear()

    def _overdue(self, now_s: float) -> Pending | None:
        oldest = next(iter(self._in_flight.values()), None)
        if oldest is None or now_s < oldest.sent_at_s + self._retry_interval_s:
            return None
        if oldest.sent > self._retry_count:
            raise NotAnswered(f"no ack of {oldest.reference_id} after {oldest.sent} sendings")
        return oldest

"""Simulated time that may run faster than real time."""

from collections.abc import Callable
from datetime import datetime, timedelta


class FastClock:
    """Tells simulated time: `start` now, and `speed` seconds later for each real one.

    start: aware.
    monotonic: real seconds since any moment, such as `time.monotonic`.
    """

    def __init__(
        self, *, start: datetime, speed: float = 1.0, monotonic: Callable[[], float]
    ) -> None:
        self.speed = speed
        self._start = start
        self._monotonic = monotonic
        self._started_s = monotonic()

    def __call__(self) -> datetime:
        elapsed_s = (self._monotonic() - self._started_s) * self.speed
        return self._start + timedelta(seconds=elapsed_s)

"""Limiting attempts within this process. Not here: budgets that all processes share."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import IPv4Address, ip_address, ip_network
from math import ceil

from api.errors import RateLimited

PERIOD = timedelta(minutes=1)
KEYS_MAX = 10_000
HOST_PREFIX = 64


def network_of(address: str) -> str:
    """Return what one host's attempts are counted by: an IPv6 host has a whole /64 to itself."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return address
    return str(found.ipv4_mapped or ip_network((found, HOST_PREFIX), strict=False))


class Throttle:
    """Counts attempts by key in fixed periods; forgets the oldest keys when there are too many."""

    def __init__(self, *, attempts_max: int, clock: Callable[[], datetime]) -> None:
        self._attempts_max = attempts_max
        self._clock = clock
        self._attempts: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def attempt(self, key: str) -> None:
        """Count one attempt.

        :raises RateLimited: there were too many in this period; this one does not count
        """
        now = self._clock()
        since, attempts = self._attempts.pop(key, (now, 0))
        if now - since >= PERIOD:
            since, attempts = now, 0
        refused = attempts >= self._attempts_max
        self._attempts[key] = (since, attempts if refused else attempts + 1)
        if len(self._attempts) > KEYS_MAX:
            self._attempts.popitem(last=False)
        if refused:
            raise RateLimited(retry_after_s=max(1, ceil((since + PERIOD - now).total_seconds())))

"""Limiting attempts to prove who one is: each evaluation counts, whatever document it stands in.

Not here: budgets of cost. Buckets that all processes share hold hashes and moments, and no names.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, ip_address, ip_network
from math import ceil

from api.errors import RateLimited
from db.buckets import Buckets
from db.budgets import Budget

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


@dataclass(frozen=True, slots=True)
class Limit:
    """So many attempts at once, and so many again over each period."""

    name: str
    attempts_max: int
    period: timedelta

    @property
    def budget(self) -> Budget:
        return Budget(self.attempts_max, self.attempts_max / self.period.total_seconds())


class Throttle:
    """Lets a few attempts of each kind through."""

    def __init__(self, buckets: Buckets, *, clock: Callable[[], datetime]) -> None:
        self._buckets = buckets
        self._clock = clock

    async def attempt(self, limit: Limit, *who: object) -> None:
        """Count one attempt.

        :raises RateLimited: there were too many; this one does not count
        """
        digest = hashlib.sha256(repr(who).encode(errors="replace")).hexdigest()[:32]
        name = f"attempts:{limit.name}:{digest}"
        drawn = await self._buckets.draw(name, 1, limit.budget, now=self._clock())
        if not drawn.allowed:
            raise RateLimited(retry_after_s=max(1, ceil(drawn.retry_after_s)))

"""Budgets that all processes share: token buckets in Redis, and here while Redis is away.

A bucket is known by the moment at which it will be full again, so one number says all of it.
Losing Redis loses no fact: each process then goes on from what it last knew.
"""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

TIMEOUT_S = 0.1
REST_S = 1.0
CONNECTIONS_MAX = 20
BUCKETS_KEPT_MAX = 10_000
US = 1_000_000

Unreachable = (RedisError, OSError, TimeoutError)

# Moments are microseconds since 1970. Numbers are formatted by hand: Lua would round them.
DRAW = """
local now, unit, room = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full_at = tonumber(redis.call('GET', KEYS[1]) or now)
full_at = math.max(full_at - unit * ARGV[4], now)
local drawn = full_at + unit * ARGV[5]
local allowed = drawn - now <= room
if allowed then full_at = drawn end
local text = string.format('%.0f', full_at)
redis.call('SET', KEYS[1], text, 'PX', math.ceil((full_at - now) / 1000) + 1000)
return {allowed and 1 or 0, text}
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a full bucket holds, and how fast it fills again; both are above zero."""

    size: int
    per_s: float

    @property
    def unit_us(self) -> float:
        return US / self.per_s

    @property
    def room_us(self) -> float:
        return self.size * self.unit_us


@dataclass(frozen=True, slots=True)
class Drawn:
    """What became of a draw. left: what the bucket still holds.

    retry_after_s: when as much could be drawn; 0 if it was.
    """

    allowed: bool
    left: float
    retry_after_s: float


class Buckets:
    """One process's way to the buckets that all processes of a database share.

    Use it as a context manager. A draw waits for a dead Redis a tenth of a second, and then none
    does for a second.
    """

    def __init__(self, redis_url: str, database_name: str) -> None:
        self._prefix = f"wattledger:{database_name}:bucket"
        pool = BlockingConnectionPool.from_url(
            redis_url,
            max_connections=CONNECTIONS_MAX,
            timeout=TIMEOUT_S,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
        )
        self._redis = Redis.from_pool(pool)
        self._draw = self._redis.register_script(DRAW)
        self._full_at_us: OrderedDict[str, float] = OrderedDict()
        self._owed: OrderedDict[str, float] = OrderedDict()
        self._rests_until: float | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._redis.aclose()

    @property
    def is_shared(self) -> bool:
        """Whether the last draw reached Redis, as far as this process knows."""
        return self._rests_until is None

    async def draw(self, name: str, amount: float, budget: Budget, *, now: datetime) -> Drawn:
        """Take an amount out of a bucket if it holds as much; never raises.

        name: of the bucket, which is full when nobody has drawn from it.
        now: aware; the processes' clocks have to agree to a second or so.
        """
        now_us = now.timestamp() * US
        owed = self._owed.pop(name, 0.0)
        found = None
        if self._may_try():
            found = await self._drawn_in_redis(name, amount, owed, budget, now_us)
        if found is None:
            found = self._drawn_here(name, amount, owed, budget, now_us)
        allowed, full_at_us = found
        _keep(self._full_at_us, name, full_at_us)
        return _drawn(allowed, full_at_us - now_us, amount, budget)

    def give_back(self, name: str, amount: float) -> None:
        """Put back what was drawn and not used; the bucket learns of it with the next draw here."""
        if amount > 0:
            _keep(self._owed, name, self._owed.get(name, 0.0) + amount)

    def _may_try(self) -> bool:
        now_s = asyncio.get_running_loop().time()
        if self._rests_until is None:
            return True
        if now_s < self._rests_until:
            return False
        # One tries; the others do not wait for it.
        self._rests_until = now_s + REST_S
        return True

    async def _drawn_in_redis(
        self, name: str, amount: float, owed: float, budget: Budget, now_us: float
    ) -> tuple[bool, float] | None:
        arguments = [now_us, budget.unit_us, budget.room_us, owed, amount]
        try:
            async with asyncio.timeout(TIMEOUT_S):
                allowed, full_at_us = await self._draw(
                    keys=[f"{self._prefix}:{name}"], args=arguments
                )
        except Unreachable as error:
            self._rest(error)
            return None
        if self._rests_until is not None:
            log.info("buckets.found")
            self._rests_until = None
        return bool(allowed), float(full_at_us)

    def _rest(self, error: Exception) -> None:
        if self._rests_until is None:
            log.warning("buckets.lost", extra={"reason": repr(error)})
        self._rests_until = asyncio.get_running_loop().time() + REST_S

    def _drawn_here(
        self, name: str, amount: float, owed: float, budget: Budget, now_us: float
    ) -> tuple[bool, float]:
        known_us = self._full_at_us.get(name, now_us)
        full_at_us = max(known_us - owed * budget.unit_us, now_us)
        drawn_us = full_at_us + amount * budget.unit_us
        allowed = drawn_us - now_us <= budget.room_us
        return allowed, drawn_us if allowed else full_at_us


def _drawn(allowed: bool, empty_us: float, amount: float, budget: Budget) -> Drawn:
    left_us = budget.room_us - empty_us
    missing_us = 0.0 if allowed else max(amount * budget.unit_us - left_us, 0.0)
    return Drawn(allowed, max(left_us, 0.0) / budget.unit_us, missing_us / US)


def _keep(kept: OrderedDict[str, float], name: str, value: float) -> None:
    kept[name] = value
    kept.move_to_end(name)
    if len(kept) > BUCKETS_KEPT_MAX:
        kept.popitem(last=False)

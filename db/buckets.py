"""Budgets that all processes share: token buckets in Redis, and here while Redis is away.

Losing Redis loses no fact: each process then goes on from what it last knew. Out of a large bucket
a process takes more than it was asked for, and spends that for a moment without asking Redis. What
it does not spend it gives back; nobody is ever let have more than the bucket holds.
"""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Self, TypeVar
from weakref import WeakValueDictionary

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from db.budgets import US, Budget, Drawn, Level, level_after

TIMEOUT_S = 0.1
# When a time-out is noticed so much later, the process was busy with something else.
LATE_FACTOR = 1.5
REST_S = 1.0
RESERVE_KEPT_S = 1.0
CONNECTIONS_MAX = 20
BUCKETS_KEPT_MAX = 10_000

Unreachable = (RedisError, OSError, TimeoutError)

# Numbers are formatted by hand: Lua would round them.
DRAW = """
local now, unit, room = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full_at = tonumber(redis.call('GET', KEYS[1]) or now)
full_at = math.max(full_at - unit * ARGV[4], now)
local drawn = full_at + unit * ARGV[5]
local reserved = drawn + unit * ARGV[6]
local allowed = 0
if reserved - now <= room then
    full_at, allowed = reserved, 2
elseif drawn - now <= room then
    full_at, allowed = drawn, 1
end
local text = string.format('%.0f', full_at)
redis.call('SET', KEYS[1], text, 'PX', math.ceil((full_at - now) / 1000) + 1000)
return {allowed, text}
"""
WITH_RESERVE = 2

Value = TypeVar("Value")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Reserve:
    """What a process has drawn and not spent yet. left: what the bucket held besides."""

    amount: float
    left: float
    until_us: float


class Buckets:
    """One process's way to the buckets that all processes of a database share.

    Use it as a context manager. A draw waits for a dead Redis a tenth of a second, and then none
    does for a second.

    timeout_s: how long it waits instead.
    """

    def __init__(self, redis_url: str, database_name: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._prefix = f"wattledger:{database_name}:bucket"
        pool = BlockingConnectionPool.from_url(
            redis_url,
            max_connections=CONNECTIONS_MAX,
            timeout=timeout_s,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
        )
        self._redis = Redis.from_pool(pool)
        self._draw = self._redis.register_script(DRAW)
        self._full_at_us: OrderedDict[str, float] = OrderedDict()
        self._owed: OrderedDict[str, float] = OrderedDict()
        self._reserves: OrderedDict[str, _Reserve] = OrderedDict()
        # A lock is gone when nobody holds it or waits for it.
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
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
        if (spent := self._spent_of_reserve(name, amount, now_us)) is not None:
            return spent
        # One asks; those behind it spend what it has reserved, or ask in their turn.
        async with self._asking.setdefault(name, asyncio.Lock()):
            if (spent := self._spent_of_reserve(name, amount, now_us)) is not None:
                return spent
            level = await self._drawn(name, amount, budget, now_us)
        _keep(self._full_at_us, name, level.full_at_us)
        return level.drawn(amount, budget, now_us=now_us)

    def give_back(self, name: str, amount: float) -> None:
        """Put back what was drawn and not used; the bucket learns of it with the next draw here."""
        if amount > 0:
            _keep(self._owed, name, self._owed.get(name, 0.0) + amount)

    def _spent_of_reserve(self, name: str, amount: float, now_us: float) -> Drawn | None:
        reserve = self._reserves.get(name)
        if reserve is None or now_us > reserve.until_us:
            return None
        reserve.amount += self._owed.pop(name, 0.0)
        if reserve.amount < amount:
            return None
        reserve.amount -= amount
        return Drawn(allowed=True, left=reserve.left + reserve.amount, retry_after_s=0.0)

    async def _drawn(self, name: str, amount: float, budget: Budget, now_us: float) -> Level:
        unspent = self._reserves.pop(name, None)
        owed = self._owed.pop(name, 0.0) + (unspent.amount if unspent else 0.0)
        level = await self._drawn_in_redis(name, amount, owed, budget, now_us)
        if level is None:
            known_us = self._full_at_us.get(name, now_us)
            level = level_after(known_us, amount, owed, budget, now_us=now_us)
        if level.reserved:
            left = level.drawn(amount, budget, now_us=now_us).left - level.reserved
            reserve = _Reserve(level.reserved, left, now_us + RESERVE_KEPT_S * US)
            _keep(self._reserves, name, reserve)
        return level

    async def _drawn_in_redis(
        self, name: str, amount: float, owed: float, budget: Budget, now_us: float
    ) -> Level | None:
        if not self._may_try():
            return None
        reserve = budget.reserve(amount)
        arguments = [now_us, budget.unit_us, budget.room_us, owed, amount, reserve]
        try:
            allowed, full_at_us = await self._answer(f"{self._prefix}:{name}", arguments)
        except Unreachable as error:
            self._rest(error)
            return None
        if self._rests_until is not None:
            log.info("buckets.found")
            self._rests_until = None
        given = reserve if allowed == WITH_RESERVE else 0.0
        return Level(bool(allowed), float(full_at_us), given)

    async def _answer(self, key: str, arguments: list[float]) -> tuple[int, str]:
        """Return what Redis says in time; ask again if it was us who were late to listen.

        :raises RedisError, OSError, TimeoutError: it says nothing
        """
        clock = asyncio.get_running_loop().time
        begun_s = clock()
        try:
            return await self._answer_once(key, arguments)
        except (TimeoutError, RedisTimeoutError):
            if clock() - begun_s < LATE_FACTOR * self._timeout_s:
                raise
            return await self._answer_once(key, arguments)

    async def _answer_once(self, key: str, arguments: list[float]) -> tuple[int, str]:
        async with asyncio.timeout(self._timeout_s):
            allowed, full_at_us = await self._draw(keys=[key], args=arguments)
        return int(allowed), full_at_us

    def _may_try(self) -> bool:
        now_s = asyncio.get_running_loop().time()
        if self._rests_until is None:
            return True
        if now_s < self._rests_until:
            return False
        # One tries; the others do not wait for it.
        self._rests_until = now_s + REST_S
        return True

    def _rest(self, error: Exception) -> None:
        if self._rests_until is None:
            log.warning("buckets.lost", extra={"reason": repr(error)})
        self._rests_until = asyncio.get_running_loop().time() + REST_S


def _keep(kept: OrderedDict[str, Value], name: str, value: Value) -> None:
    kept[name] = value
    kept.move_to_end(name)
    if len(kept) > BUCKETS_KEPT_MAX:
        kept.popitem(last=False)

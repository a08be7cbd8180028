"""Budgets hold for all processes together, and for each alone while Redis is away."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from statistics import median

import pytest
from redis.asyncio import Redis

from db.buckets import REST_S, TIMEOUT_S, Buckets
from db.budgets import Budget
from tests.factories import NOW
from tests.redis_proxy import RedisProxy
from tests.waiting import PATIENCE_S

NO_REDIS = "redis://127.0.0.1:1/0"
BUDGET = Budget(size=100, per_s=10)
# Too small for anybody to reserve anything.
NARROW = Budget(size=10, per_s=10)


@pytest.fixture
async def buckets(redis_url: str) -> AsyncIterator[Buckets]:
    async with Buckets(redis_url, "test", timeout_s=PATIENCE_S) as buckets:
        yield buckets


@pytest.fixture
async def alone() -> AsyncIterator[Buckets]:
    async with Buckets(NO_REDIS, "test") as buckets:
        yield buckets


@pytest.fixture(params=["shared", "alone"])
async def either(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[Buckets]:
    url = redis_url if request.param == "shared" else NO_REDIS
    async with Buckets(url, "test", timeout_s=PATIENCE_S) as buckets:
        yield buckets
        assert buckets.is_shared is (request.param == "shared")


async def test_a_bucket_gives_what_it_holds_and_fills_again(either: Buckets) -> None:
    first = await either.draw("a", 60, BUDGET, now=NOW)
    second = await either.draw("a", 60, BUDGET, now=NOW)
    third = await either.draw("a", 60, BUDGET, now=NOW + timedelta(seconds=2))

    assert (first.allowed, first.left, first.retry_after_s) == (True, 40, 0)
    assert (second.allowed, second.left, second.retry_after_s) == (False, 40, 2)
    assert (third.allowed, third.left) == (True, 0)


async def test_a_bucket_holds_no_more_than_its_size(either: Buckets) -> None:
    await either.draw("a", 100, BUDGET, now=NOW)

    drawn = await either.draw("a", 0, BUDGET, now=NOW + timedelta(days=1))

    assert drawn.left == 100


async def test_what_is_given_back_can_be_drawn_again(either: Buckets) -> None:
    await either.draw("a", 100, BUDGET, now=NOW)
    either.give_back("a", 30)
    either.give_back("a", 10)

    refused = await either.draw("a", 41, BUDGET, now=NOW)
    drawn = await either.draw("a", 40, BUDGET, now=NOW)

    assert (refused.allowed, refused.left) == (False, 40)
    assert (drawn.allowed, drawn.left) == (True, 0)


async def test_giving_back_more_than_was_drawn_does_not_overfill_it(either: Buckets) -> None:
    await either.draw("a", 10, BUDGET, now=NOW)
    either.give_back("a", 1_000)

    drawn = await either.draw("a", 0, BUDGET, now=NOW)

    assert drawn.left == 100


async def test_buckets_are_apart(either: Buckets) -> None:
    await either.draw("a", 100, BUDGET, now=NOW)

    drawn = await either.draw("b", 100, BUDGET, now=NOW)

    assert drawn.allowed


async def test_all_processes_draw_from_one_bucket(buckets: Buckets, redis_url: str) -> None:
    async with Buckets(redis_url, "test", timeout_s=PATIENCE_S) as others:
        drawn = await asyncio.gather(
            *(each.draw("a", 1, NARROW, now=NOW) for each in (buckets, others) for _ in range(20))
        )

    assert sum(one.allowed for one in drawn) == 10


async def test_other_databases_have_buckets_of_their_own(buckets: Buckets, redis_url: str) -> None:
    await buckets.draw("a", 100, BUDGET, now=NOW)

    async with Buckets(redis_url, "other", timeout_s=PATIENCE_S) as others:
        assert (await others.draw("a", 100, BUDGET, now=NOW)).allowed


async def test_nothing_of_a_full_bucket_stays_in_redis(buckets: Buckets, redis_url: str) -> None:
    await buckets.draw("a", 50, BUDGET, now=NOW)

    async with Redis.from_url(redis_url) as client:
        (key,) = await client.keys("wattledger:test:bucket:*")
        lives_ms = await client.pttl(key)

    # It is full again after 5 s.
    assert 5_000 < lives_ms <= 6_000


def patient(proxy: RedisProxy) -> Buckets:
    return Buckets(proxy.url, "test", timeout_s=PATIENCE_S)


async def test_without_redis_a_process_goes_on_from_what_it_knew(redis_url: str) -> None:
    async with RedisProxy(redis_url) as proxy, patient(proxy) as buckets:
        await buckets.draw("a", 70, BUDGET, now=NOW)

        await proxy.close()
        drawn = await buckets.draw("a", 40, BUDGET, now=NOW)

        assert not buckets.is_shared
        assert (drawn.allowed, drawn.left) == (False, 30)


async def test_a_redis_that_answers_nothing_delays_one_draw_and_no_more(redis_url: str) -> None:
    async with RedisProxy(redis_url) as proxy, Buckets(proxy.url, "test") as buckets:
        await buckets.draw("a", 1, NARROW, now=NOW)
        proxy.is_mute = True

        first_s = await timed(lambda: buckets.draw("a", 1, NARROW, now=NOW))
        waited_s = [await timed(lambda: buckets.draw("a", 1, NARROW, now=NOW)) for _ in range(9)]

        assert first_s > TIMEOUT_S / 2
        # Most of them: a busy machine may keep any one waiting, and after a rest one tries again.
        assert median(waited_s) < TIMEOUT_S


async def test_redis_is_found_again(redis_url: str) -> None:
    async with RedisProxy(redis_url) as proxy, Buckets(proxy.url, "test") as buckets:
        proxy.is_mute = True
        await buckets.draw("a", 1, BUDGET, now=NOW)
        assert not buckets.is_shared

        proxy.is_mute = False
        async with asyncio.timeout(PATIENCE_S):
            while not buckets.is_shared:
                await asyncio.sleep(REST_S / 10)
                await buckets.draw("a", 1, BUDGET, now=NOW)


LARGE = Budget(size=20_000, per_s=500)


async def test_draws_from_a_large_bucket_seldom_ask_redis(redis_url: str) -> None:
    async with RedisProxy(redis_url) as proxy, patient(proxy) as buckets:
        first = await buckets.draw("a", 10, LARGE, now=NOW)
        proxy.is_mute = True

        others = [await buckets.draw("a", 10, LARGE, now=NOW) for _ in range(40)]

        assert [one.left for one in (first, *others)] == [20_000 - 10 * n for n in range(1, 42)]
        assert buckets.is_shared


async def test_what_was_reserved_and_not_spent_goes_back(buckets: Buckets, redis_url: str) -> None:
    await buckets.draw("a", 10, LARGE, now=NOW)
    later = NOW + timedelta(seconds=2)

    # What was reserved is of no use for as much.
    await buckets.draw("a", 1_000, LARGE, now=later)

    async with Buckets(redis_url, "test", timeout_s=PATIENCE_S) as elsewhere:
        drawn = await elsewhere.draw("a", 0, LARGE, now=later)
    assert drawn.left == 20_000 - 1_000


async def test_nobody_is_let_have_more_than_a_large_bucket_holds(
    buckets: Buckets, redis_url: str
) -> None:
    budget = Budget(size=2_000, per_s=1)
    async with Buckets(redis_url, "test", timeout_s=PATIENCE_S) as others:
        drawn = await asyncio.gather(
            *(
                each.draw("a", 3, budget, now=NOW)
                for each in (buckets, others)
                for _ in range(1_000)
            )
        )

    granted = 3 * sum(one.allowed for one in drawn)
    # Each may end with a reserve that the other is refused for.
    assert 2_000 - 2 * 0.02 * 2_000 - 3 <= granted <= 2_000


async def test_a_reserve_lasts_a_moment(redis_url: str) -> None:
    async with RedisProxy(redis_url) as proxy, Buckets(proxy.url, "test", timeout_s=1) as buckets:
        await buckets.draw("a", 10, LARGE, now=NOW)
        proxy.is_mute = True

        drawn = await buckets.draw("a", 10, LARGE, now=NOW + timedelta(seconds=1.1))

        assert drawn.allowed
        assert not buckets.is_shared


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    begin_s = time.perf_counter()
    await work()
    return time.perf_counter() - begin_s

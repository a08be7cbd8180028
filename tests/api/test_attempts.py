"""Whoever is attacked from everywhere still gets in from home."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from api.attempts import EMAIL_FROM_ELSEWHERE, Attempts
from api.errors import RateLimited
from api.throttle import Throttle
from db.buckets import Buckets
from tests.api.web import Clock, Web
from tests.waiting import PATIENCE_S

HOME = "127.0.0.1"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def attempts(web: Web, clock: Clock, redis_url: str) -> AsyncIterator[Attempts]:
    async with Buckets(redis_url, "attempts", timeout_s=PATIENCE_S) as buckets:
        yield Attempts(Throttle(buckets, clock=clock), clock=clock)


async def guess(attempts: Attempts, email: str, address: str) -> bool:
    """Return whether a guess is let through."""
    try:
        await attempts.sign_in(email=email, address=address)
    except RateLimited:
        return False
    return True


async def attack(attempts: Attempts, email: str) -> int:
    """Guess once from each of many addresses; return how many guesses were let through."""
    return sum([await guess(attempts, email, f"203.0.113.{n}") for n in range(200)])


async def test_an_attack_from_everywhere_does_not_lock_out_whoever_is_at_home(
    web: Web, attempts: Attempts
) -> None:
    _, email = await web.create_user()
    await web.sign_in(email)

    let_through = await attack(attempts, email)

    assert let_through == EMAIL_FROM_ELSEWHERE.attempts_max
    assert await guess(attempts, email, HOME)
    assert not await guess(attempts, email.upper(), "198.51.100.1")


async def test_who_was_never_at_home_waits_with_the_attackers(
    web: Web, attempts: Attempts, clock: Clock
) -> None:
    _, email = await web.create_user()
    await attack(attempts, email)

    during = await guess(attempts, email, HOME)
    clock.move(timedelta(minutes=2))

    assert not during
    assert await guess(attempts, email, HOME)


async def test_guesses_from_one_place_slow_down(web: Web, attempts: Attempts, clock: Clock) -> None:
    _, email = await web.create_user()
    await web.sign_in(email)

    def step() -> bool:
        clock.move(timedelta(seconds=15))
        return True

    tried = [await guess(attempts, email, HOME) for _ in range(240) if step()]

    # Five at once, then twenty and a few more in an hour, not one every twelve seconds.
    assert all(tried[:5])
    assert 30 <= sum(tried) <= 45

"""The worker hears of payments at the ring of the bell, and does what is due."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from db.bell import Bell
from tests.stripe_twin.running import running_twin
from tests.topups.shop import Shop, open_shop
from tests.topups.stripe import nobody_there
from tests.waiting import LOOK_EVERY_S, PATIENCE_S
from workers.jobs.topups import Cashier

pytestmark = pytest.mark.usefixtures("connected")


@pytest.fixture
async def shop(connected: None) -> AsyncIterator[Shop]:
    async with running_twin() as twin, open_shop(twin) as shop:
        yield shop


async def test_an_event_that_is_kept_is_worked_on(shop: Shop, redis_url: str) -> None:
    started = await shop.start()
    shop.submit(started)
    async with Bell(redis_url, "topups") as bell:
        cashier = Cashier(shop.gateways, bell, clock=lambda: shop.now)
        running = asyncio.create_task(cashier.run())
        await shop.keep(shop.twin.world.events)
        await bell.ring("payments")
        async with asyncio.timeout(PATIENCE_S):
            while await shop.standing() == {}:  # noqa: ASYNC110 - the worker knows no tests
                await asyncio.sleep(LOOK_EVERY_S)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    assert await shop.standing() == {"balance": Decimal("25.5")}


async def test_chores_find_what_nobody_told_of(shop: Shop, redis_url: str) -> None:
    paid, unpaid = await shop.start(), await shop.start()
    shop.submit(paid)
    shop.move(timedelta(hours=1))

    cashier = Cashier(shop.gateways, Bell(redis_url, "topups"), clock=lambda: shop.now)
    await cashier.do_chores()

    assert (await shop.top_up(unpaid.top_up_id))["state"] == "LAPSED"
    assert await shop.standing() == {"balance": Decimal("25.5")}
    assert (await shop.row("payment_reconciliation"))["ended_at"] == shop.now


async def test_a_provider_that_is_away_stops_no_chore(shop: Shop, redis_url: str) -> None:
    done: list[datetime] = []

    async def note(now: datetime) -> None:
        done.append(now)

    async with nobody_there() as gateway:
        shop.gateway = gateway
        cashier = Cashier(shop.gateways, Bell(redis_url, "topups"), clock=lambda: shop.now)
        cashier._chores = {**cashier._chores, "topups.last": (timedelta(seconds=1), note)}
        await cashier.do_chores()

    assert done == [shop.now]
    assert (await shop.row("payment_reconciliation"))["ended_at"] is None

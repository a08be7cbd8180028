"""Reads around a change of the price, or after the books of their time were closed."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.ledger import operations as ledger
from domain.ledger.queries import verify
from domain.tariffs import operations as tariffs
from tests.db.stored_readings import HOUR, account_balance, fetch, store
from tests.factories import NOW, Place, make_place, make_read


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(price=Decimal("2.5"))


async def test_a_read_across_a_price_change_is_split_there(place: Place, registers: int) -> None:
    change = NOW - HOUR
    await tariffs.set_price(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        price_per_kwh=Decimal(10),
        valid_from=change,
        now=change - HOUR,
    )
    await store([make_read(place, registers, NOW - 2 * HOUR, 1_000)])

    await store([make_read(place, registers, NOW, 2_000)])
    await store([make_read(place, registers, NOW + timedelta(minutes=1), 3_000)])

    assert await account_balance(place) == -(
        Decimal("2.5") + Decimal("1.25") + Decimal(5) + Decimal(10)
    )
    assert (
        await fetch("select base_index_wh, estimated from billing_segment where estimated")
    ) == [{"base_index_wh": 1_500, "estimated": True}]
    assert await verify() == []


async def test_a_late_read_at_the_price_change_settles_the_estimate(
    place: Place, registers: int
) -> None:
    change = NOW - HOUR
    await tariffs.set_price(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        price_per_kwh=Decimal(10),
        valid_from=change,
        now=change - HOUR,
    )
    await store([make_read(place, registers, NOW - 2 * HOUR, 1_000)])
    await store([make_read(place, registers, NOW, 2_000)])

    await store([make_read(place, registers, change, 1_900)])
    await store([make_read(place, registers, NOW + timedelta(minutes=1), 3_000)])

    assert await account_balance(place) == -(
        Decimal("2.5") + Decimal("2.25") + Decimal(1) + Decimal(10)
    )
    assert await verify() == []


async def test_a_late_read_after_the_close_makes_the_next_revision(
    place: Place, registers: int
) -> None:
    yesterday = NOW - timedelta(days=1)
    await store([make_read(place, registers, yesterday - HOUR, 1_000)])
    await store([make_read(place, registers, NOW, 2_000)])
    assert await ledger.close_days(now=NOW) == 1
    balance = await account_balance(place)

    await store([make_read(place, registers, yesterday, 1_800)])
    assert await ledger.close_days(now=NOW) == 1

    assert await account_balance(place) == balance
    assert await fetch(
        "select local_date, charged_micro, posted_micro, revision from accrual order by 1"
    ) == [
        {
            "local_date": date(2026, 3, 17),
            "charged_micro": 4_500_000,
            "posted_micro": 4_500_000,
            "revision": 2,
        },
        {
            "local_date": date(2026, 3, 18),
            "charged_micro": 500_000,
            "posted_micro": 0,
            "revision": 0,
        },
    ]
    assert await verify() == []

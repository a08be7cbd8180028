"""The ingest transaction: what is stored, charged and told, once, whatever comes how often."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from db.enums import PointRole
from domain.ledger import operations as ledger
from domain.ledger.queries import verify
from domain.readings import operations as readings
from tests.db.stored_readings import HOUR, account_balance, fetch, store
from tests.factories import (
    NOW,
    Place,
    account_of,
    add_supply,
    make_place,
    make_read,
    make_register_set,
    open_account,
)


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(price=Decimal("2.5"))


async def test_a_read_is_charged_from_the_opening_index_on(place: Place, registers: int) -> None:
    result = await store([make_read(place, registers, NOW - HOUR, 1_000)])

    assert result == readings.Stored(new=1, known=0, held=0, conflicting=0)
    assert await account_balance(place) == Decimal("-2.500000")
    assert await fetch("select local_date, charged_micro, posted_micro from accrual") == [
        {"local_date": date(2026, 3, 18), "charged_micro": 2_500_000, "posted_micro": 0}
    ]
    assert await verify() == []


async def test_rounding_never_adds_up_over_many_small_reads(connected: None) -> None:
    place = await make_place(price=Decimal("0.333333333"))
    registers = await make_register_set(place.company_id)

    for n in range(1, 60):
        await store([make_read(place, registers, NOW - HOUR + timedelta(minutes=n), n)])

    assert await account_balance(place) == Decimal("-0.019667")


async def test_the_multiplier_applies(place: Place, registers: int) -> None:
    supply = await add_supply(place, multiplier=Decimal(40))

    await store([make_read(place, registers, NOW - HOUR, 1_000, supply=supply)])

    assert await account_balance(place, supply.account_id) == Decimal("-100.000000")


async def test_a_replayed_batch_changes_nothing(place: Place, registers: int) -> None:
    reads = [make_read(place, registers, NOW - n * HOUR, 9_000 - n * 1_000) for n in range(6)]
    await store(reads)
    before = await fetch("select * from account_balance, billing_state")
    events = await fetch("select count(*) from outbox")

    again = await store(reads)

    assert again == readings.Stored(new=0, known=6, held=0, conflicting=0)
    assert await fetch("select * from account_balance, billing_state") == before
    assert await fetch("select count(*) from outbox") == events
    assert await fetch("select count(*) from reading") == [{"count": 6}]


async def test_a_second_set_with_the_same_register_is_not_charged_again(
    place: Place, registers: int
) -> None:
    full = await make_register_set(place.company_id, ("1.8.0", "5.8.0"))
    await store([make_read(place, registers, NOW - HOUR, 1_000)])

    result = await store(
        [
            make_read(place, full, NOW - HOUR, 1_000, values=[1_000, 7]),
            make_read(place, full, NOW, 1_500, values=[1_500, 8]),
            make_read(place, registers, NOW, 1_500),
        ]
    )

    assert result.new == 3
    assert await account_balance(place) == Decimal("-3.750000")
    assert await verify() == []


async def test_two_meters_on_one_account_both_count(place: Place, registers: int) -> None:
    one = await add_supply(place, with_account=False)
    other = await add_supply(place, with_account=False, premises_id=one.premises_id)
    account_id = await open_account(place, {one.point_id: 0, other.point_id: 0}, one.premises_id)

    await store(
        [
            make_read(place, registers, NOW, 1_000, supply=one),
            make_read(place, registers, NOW, 3_000, supply=other),
        ]
    )

    assert await account_balance(place, account_id) == Decimal("-10.000000")


async def test_duplicates_in_one_batch_are_stored_once(place: Place, registers: int) -> None:
    result = await store(
        [
            make_read(place, registers, NOW, 1_000),
            make_read(place, registers, NOW, 1_000),
            make_read(place, registers, NOW, 2_000),
        ]
    )

    assert result == readings.Stored(new=1, known=0, held=0, conflicting=1)
    assert await account_balance(place) == Decimal("-2.500000")
    assert await fetch('select "values" from reading_conflict') == [{"values": [2_000]}]


async def test_other_values_for_a_stored_read_are_kept_as_a_conflict(
    place: Place, registers: int
) -> None:
    await store([make_read(place, registers, NOW, 1_000)])

    await store([make_read(place, registers, NOW, 2_000)])
    await store([make_read(place, registers, NOW, 2_000)])

    assert await fetch('select "values" from reading') == [{"values": [1_000]}]
    assert await fetch('select "values" from reading_conflict') == [{"values": [2_000]}]
    assert await account_balance(place) == Decimal("-2.500000")


@pytest.mark.usefixtures("room")
async def test_three_days_come_at_once_and_land_on_their_days(place: Place, registers: int) -> None:
    start = NOW - timedelta(days=3)
    reads = [
        make_read(place, registers, start + n * HOUR, 1_000 * n, received_at=NOW)
        for n in range(1, 73)
    ]

    await store(reads)

    assert await fetch("select local_date, charged_micro from accrual order by 1") == [
        {"local_date": date(2026, 3, 15), "charged_micro": 22_500_000},
        {"local_date": date(2026, 3, 16), "charged_micro": 60_000_000},
        {"local_date": date(2026, 3, 17), "charged_micro": 60_000_000},
        {"local_date": date(2026, 3, 18), "charged_micro": 37_500_000},
    ]


async def test_a_register_that_rolls_over_goes_on_counting(connected: None) -> None:
    place = await make_place(meters=0, price=Decimal(1))
    registers = await make_register_set(place.company_id)
    supply = await add_supply(place, initial_index_wh=999_999_000)
    account_id = supply.account_id
    assert account_id is not None

    await store([make_read(place, registers, NOW - 2 * HOUR, 999_999_500)])
    await store([make_read(place, registers, NOW - HOUR, 500)])
    await store([make_read(place, registers, NOW, 1_500)])

    assert await account_balance(place, account_id) == Decimal("-2.500000")
    assert [row["index_wh"] for row in await fetch("select index_wh from reading order by ts")] == [
        999_999_500,
        1_000_000_500,
        1_000_001_500,
    ]


async def test_check_points_and_meters_without_account_charge_nothing(
    place: Place, registers: int
) -> None:
    check = await add_supply(place, role=PointRole.CHECK)
    free = await add_supply(place, with_account=False)

    result = await store(
        [
            make_read(place, registers, NOW, 1_000, supply=check),
            make_read(place, registers, NOW, 1_000, supply=free),
        ]
    )

    assert result.new == 2
    assert await fetch("select count(*) from accrual") == [{"count": 0}]


async def test_readings_and_balances_are_told_by_id_in_the_same_transaction(
    place: Place, registers: int
) -> None:
    read = make_read(place, registers, NOW, 1_000)

    await store([read])

    events = await fetch(
        "select topic, field_id, from_ts, to_ts, meter_ids, account_ids from outbox"
        " order by topic desc"
    )
    account_id = place.supplies[0].account_id
    assert events == [
        {
            "topic": "readings",
            "field_id": place.field_id,
            "from_ts": NOW,
            "to_ts": NOW,
            "meter_ids": [read.meter_id],
            "account_ids": [account_id],
        },
        {
            "topic": "balances",
            "field_id": None,
            "from_ts": None,
            "to_ts": None,
            "meter_ids": [],
            "account_ids": [account_id],
        },
    ]


async def test_crossing_the_wake_mark_asks_for_attention_once(place: Place, registers: int) -> None:
    account_id = account_of(place)
    await ledger.credit_cash(
        company_id=place.company_id,
        account_id=account_id,
        amount=Decimal(10),
        idempotency_key="first",
        occurred_at=NOW - HOUR,
    )
    await store([make_read(place, registers, NOW - HOUR, 3_999)])
    assert await fetch("select account_id from attention") == []

    await store([make_read(place, registers, NOW - HOUR / 2, 4_000)])
    await store([make_read(place, registers, NOW, 5_000)])

    assert await fetch("select account_id, since from attention") == [
        {"account_id": account_id, "since": NOW}
    ]


async def test_concurrent_batches_of_one_meter_all_count(place: Place, registers: int) -> None:
    reads = [
        make_read(place, registers, NOW - n * HOUR / 60, 60_000 - n * 1_000) for n in range(40)
    ]

    await asyncio.gather(*(store([read]) for read in reads))

    assert await account_balance(place) == Decimal("-150.000000")
    assert await verify() == []


async def test_a_batch_over_the_limit_is_refused_whole(place: Place, registers: int) -> None:
    reads = [make_read(place, registers, NOW, 1)] * (readings.BATCH_MAX + 1)

    with pytest.raises(ValueError, match="at most 10000 expected"):
        await store(reads)

    assert await fetch("select count(*) from reading") == [{"count": 0}]


async def test_latest_keeps_the_values_before(place: Place, registers: int) -> None:
    await store([make_read(place, registers, NOW - HOUR, 1_000)])
    await store([make_read(place, registers, NOW, 2_000)])
    await store([make_read(place, registers, NOW - HOUR / 2, 1_500)])

    assert await fetch('select ts, "values", previous_ts, previous_values from meter_latest') == [
        {
            "ts": datetime(2026, 3, 18, 12, tzinfo=UTC),
            "values": [2_000],
            "previous_ts": NOW - HOUR,
            "previous_values": [1_000],
        }
    ]

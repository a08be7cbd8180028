"""What meters keep from the ends of months becomes readings of then, each once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from collectors.protocols.iec62056_21.build import build_readout, render
from collectors.protocols.iec62056_21.readout import DataSet, Value, parse_readout
from db.bell import Bell
from db.settings import Urls
from tests.db.invoicing import ENDS_AT, OPENED_AT, STARTS_AT, make_postpaid
from tests.factories import Place, add_supply
from tests.workers.kept import Telling, everything, kept_frame, known, make_room, printed, total
from tests.workers.readouts import fetch, frames_of

DAY = timedelta(days=1)
BEFORE = ENDS_AT - DAY
AFTER = ENDS_AT + 2 * DAY


@pytest.fixture
async def place(connected: None, database: Urls) -> Place:
    await make_room(database.owner)
    return await make_postpaid()


@pytest.fixture
async def telling(place: Place, redis_url: str) -> AsyncIterator[Telling]:
    async with Bell(redis_url, "test_kept_periods") as bell:
        yield Telling(place, bell, AFTER)


async def test_a_period_becomes_a_reading_by_the_meters_clock(telling: Telling) -> None:
    await telling.read(BEFORE, 90_000, {})

    await telling.read(AFTER, 120_000, {ENDS_AT: 100_000, STARTS_AT: 1_000})

    assert await known() == [
        (STARTS_AT, 1_000), (BEFORE, 90_000), (ENDS_AT, 100_000), (AFTER, 120_000)
    ]  # fmt: skip
    assert await fetch(
        "select r.quality, r.time_source, r.meter_at, r.collector_at, r.received_at, s.obis"
        " from reading r join register_set s on s.id = r.register_set_id"
        f" where r.ts = '{ENDS_AT}'"
    ) == [
        {
            "quality": "ACTUAL",
            "time_source": "METER",
            "meter_at": ENDS_AT,
            "collector_at": None,
            "received_at": AFTER,
            "obis": ["1.8.0"],
        }
    ]
    assert await fetch("select * from held_reading") == []


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_telling_a_period_again_changes_nothing(telling: Telling, is_restarted: bool) -> None:
    kept = {ENDS_AT: 100_000, STARTS_AT: 1_000}
    await telling.read(BEFORE, 90_000, {})
    await telling.read(AFTER, 120_000, kept)
    before = await everything()

    if is_restarted:
        telling.restart()
    await telling.read(AFTER, 120_000, kept)

    assert await everything() == before


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_a_later_readout_brings_only_its_own_reading(
    telling: Telling, is_restarted: bool
) -> None:
    kept = {ENDS_AT: 100_000, STARTS_AT: 1_000}
    await telling.read(AFTER, 120_000, kept)
    before = await everything()

    if is_restarted:
        telling.restart()
    await telling.read(AFTER + DAY, 120_000, kept)

    after = await everything()
    new = {table: [row for row in after[table] if row not in before[table]] for table in after}
    assert {table for table, rows in new.items() if rows} == {"reading", "outbox"}
    assert [row["ts"] for row in new["reading"]] == [AFTER + DAY]
    assert [(row["from_ts"], row["to_ts"]) for row in new["outbox"]] == [(AFTER + DAY, AFTER + DAY)]


async def test_the_clock_rule_says_when_a_period_ended(telling: Telling) -> None:
    supply = await add_supply(
        telling.place, opened_at=OPENED_AT, with_account=False, clock_rule="Europe/Berlin"
    )
    midnight = datetime(2026, 2, 28, 23, tzinfo=UTC)

    await telling.read(
        AFTER, 120_000, {midnight: 100_000}, supply=supply, clock_rule="Europe/Berlin"
    )

    assert await known() == [(midnight, 100_000), (AFTER, 120_000)]


async def test_periods_of_a_clock_that_is_wrong_are_not_believed(telling: Telling) -> None:
    kept = {ENDS_AT: 100_000}

    await telling.read(AFTER, 120_000, kept, shown_at=AFTER + timedelta(hours=5))
    assert await known() == [(AFTER, 120_000)]

    # Once it has been set, they are told again.
    await telling.read(AFTER + DAY, 130_000, kept)
    assert await known() == [(ENDS_AT, 100_000), (AFTER, 120_000), (AFTER + DAY, 130_000)]


async def test_periods_that_are_too_old_are_no_exception(telling: Telling) -> None:
    old = AFTER - timedelta(days=90, minutes=1)

    await telling.read(AFTER, 120_000, {ENDS_AT: 100_000, old: 5})

    assert await known() == [(ENDS_AT, 100_000), (AFTER, 120_000)]
    assert await fetch("select * from held_reading") == []
    assert await fetch("select * from review_frame") == []


@pytest.mark.parametrize(
    ("kept_wh", "rule"),
    [
        pytest.param(89_999, "NEGATIVE_CONSUMPTION", id="below an earlier reading"),
        pytest.param(120_001, "NEGATIVE_CONSUMPTION", id="above what the meter shows now"),
        pytest.param(900_000_000, "INTERVAL_SPIKE", id="more than it can have carried"),
    ],
)
async def test_a_period_out_of_order_is_held_and_what_the_meter_shows_counts(
    telling: Telling, kept_wh: int, rule: str
) -> None:
    await telling.read(BEFORE, 90_000, {})

    await telling.read(AFTER, 120_000, {ENDS_AT: kept_wh})
    held = await fetch("select rule, ts, raw_index_wh from held_reading")
    telling.restart()
    await telling.read(AFTER + DAY, 121_000, {ENDS_AT: kept_wh})

    assert held == [{"rule": rule, "ts": ENDS_AT, "raw_index_wh": kept_wh}]
    assert await fetch("select rule, ts, raw_index_wh from held_reading") == held
    assert await known() == [(BEFORE, 90_000), (AFTER, 120_000), (AFTER + DAY, 121_000)]
    assert await fetch("select sum(energy_wh) from accrual") == [{"sum": 121_000}]


async def test_a_late_period_out_of_order_is_held(telling: Telling) -> None:
    await telling.read(BEFORE, 90_000, {})
    await telling.read(AFTER, 120_000, {})

    await telling.read(AFTER + DAY, 150_000, {ENDS_AT: 130_000})

    assert await fetch("select rule, ts from held_reading") == [
        {"rule": "NEGATIVE_CONSUMPTION", "ts": ENDS_AT}
    ]
    assert await known() == [(BEFORE, 90_000), (AFTER, 120_000), (AFTER + DAY, 150_000)]


async def test_another_value_of_a_period_waits_for_a_person(telling: Telling) -> None:
    await telling.read(AFTER, 120_000, {ENDS_AT: 100_000})

    await telling.read(AFTER + DAY, 121_000, {ENDS_AT: 100_001})

    assert await known() == [(ENDS_AT, 100_000), (AFTER, 120_000), (AFTER + DAY, 121_000)]
    assert await fetch('select ts, "values" from reading_conflict') == [
        {"ts": ENDS_AT, "values": [100_001]}
    ]


async def test_a_register_may_have_rolled_over_since_the_period(telling: Telling) -> None:
    supply = await add_supply(
        telling.place, opened_at=OPENED_AT, with_account=False, initial_index_wh=999_990_000
    )

    await telling.read(AFTER, 3_000, {ENDS_AT: 999_995_000}, supply=supply)

    assert await known() == [(ENDS_AT, 999_995_000), (AFTER, 1_000_003_000)]


async def test_periods_of_an_unknown_meter_are_told_when_it_is_known(telling: Telling) -> None:
    frame = kept_frame(telling.place, AFTER, 120_000, {ENDS_AT: 100_000})
    supply = telling.place.supplies[0]
    rename = "update meter set serial = '{}' where id = " + str(supply.meter_id)
    await fetch(rename.format("Z9") + " returning id")
    await telling.tell(AFTER, frame)
    assert await known() == []

    await fetch(rename.format(supply.serial) + " returning id")
    await telling.read(AFTER + DAY, 130_000, {ENDS_AT: 100_000})

    assert await known() == [(ENDS_AT, 100_000), (AFTER + DAY, 130_000)]


async def test_a_readout_may_have_periods_alone(telling: Telling) -> None:
    await telling.read(AFTER, None, {ENDS_AT: 100_000})

    assert await known() == [(ENDS_AT, 100_000)]
    assert await fetch("select * from review_frame") == []


async def test_a_register_with_too_many_decimals_keeps_nothing_else_out(telling: Telling) -> None:
    await telling.read(BEFORE - DAY, 80_000, {})
    shown = build_readout(
        serial=telling.place.supplies[0].serial, registers=[total(90_000)], clock=printed(BEFORE)
    )
    odd = DataSet(None, "2.8.0", None, (Value(f"0.{1:022d}", "kWh"),))
    readout = parse_readout(shown)
    text = render(replace(readout, data_sets=(*readout.data_sets, odd)))
    await telling.tell(BEFORE, frames_of(telling.place, text, received_at=BEFORE, read_at=BEFORE))

    await telling.read(AFTER, 120_000, {})
    await telling.read(AFTER + DAY, 130_000, {ENDS_AT: 100_000})

    assert await known() == [
        (BEFORE - DAY, 80_000), (BEFORE, 90_000), (ENDS_AT, 100_000), (AFTER, 120_000),
        (AFTER + DAY, 130_000),
    ]  # fmt: skip
    assert await fetch("select * from review_frame") == []

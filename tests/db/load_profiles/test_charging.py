"""Load profiles settle what was charged without them, whenever and in whatever pieces they come."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import access
from db.enums import BillingBasis
from domain.billing import indexes, queries
from domain.billing.rules import bill
from domain.ledger import operations as ledger
from domain.ledger.queries import verify
from domain.profiles.rules import Told
from domain.readings.batch import Read
from domain.tariffs import assignments, proposals
from domain.tariffs import operations as tariffs
from domain.tariffs.assignments import Whom
from domain.tariffs.components import Version
from tests.db.load_profiles.told import QUARTER, store, told
from tests.db.stored_readings import fetch
from tests.factories import (
    NOW,
    Place,
    account_of,
    add_supply,
    make_place,
    make_read,
    make_register_set,
)
from tests.unit.bands import gross, version

# Eight in the evening in Istanbul: two hours of T2 are left.
START = NOW.replace(month=3, day=16, hour=17)
DAY = START.date()
ISTANBUL, BERLIN = ZoneInfo("Europe/Istanbul"), ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("connected")


def bands(price: str = "2", grid: str = "0.5") -> Version:
    return version([Decimal(price), Decimal(3), Decimal(1)], grid)


async def place_by_bands(
    *,
    basis: BillingBasis = BillingBasis.INTERVAL,
    start: datetime = START,
    versions: Sequence[tuple[datetime, Version]] = (),
    time_zone: str = "Europe/Istanbul",
) -> Place:
    """Make a place whose account is charged by the hour from the start on."""
    place = await make_place(meters=0, opened_at=start, time_zone=time_zone)
    await add_supply(place, opened_at=start)
    place.tariff_id = await tariffs.create_empty(company_id=place.company_id, name="Hours")
    for valid_from, its in versions or [(start, bands())]:
        version_id = await proposals.propose(
            company_id=place.company_id,
            tariff_id=place.tariff_id,
            version=its,
            valid_from=valid_from,
            by=None,
            now=start - HOUR,
        )
        await proposals.approve(
            company_id=place.company_id, version_id=version_id, by=None, now=start - HOUR
        )
    await assignments.assign(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        whom=Whom(account_ids=(account_of(place),)),
        starts_at=start,
        basis=basis,
        now=start - HOUR,
    )
    return place


async def charged(place: Place) -> tuple[dict[date, int], set[date]]:
    """Return what days were charged, and which of them by an estimate."""
    days = await fetch(
        "select local_date, charged_micro from accrual"
        " where company_id = $1 and charged_micro <> 0",
        place.company_id,
    )
    estimated = await fetch(
        "select local_date from estimated_charge where company_id = $1", place.company_id
    )
    return (
        {row["local_date"]: row["charged_micro"] for row in days},
        {row["local_date"] for row in estimated},
    )


async def test_a_profile_that_comes_late_settles_and_takes_the_mark_back() -> None:
    place = await place_by_bands()
    registers = await make_register_set(place.company_id)
    # From eight in the evening until midnight: two hours of T2, and two of T3.
    end = START + 4 * HOUR
    await store([], [make_read(place, registers, START, 3), make_read(place, registers, end, 4003)])
    before = await charged(place)
    await ledger.close_days(now=NOW)

    await store(told(place, START, *[375] * 8, *[125] * 8))
    await ledger.close_days(now=NOW + HOUR)

    assert before == ({DAY: gross(t2=2, t3=2)}, {DAY})
    assert await charged(place) == ({DAY: gross(t2=3, t3=1)}, set())
    posted = await fetch(
        "select posted_micro, revision from accrual where company_id = $1", place.company_id
    )
    assert posted == [{"posted_micro": gross(t2=3, t3=1), "revision": 2}]
    assert await verify() == []


async def test_a_profile_that_comes_with_the_reading_is_charged_at_once() -> None:
    place = await place_by_bands()
    registers = await make_register_set(place.company_id)
    end = START + 4 * HOUR

    await store(
        told(place, START, *[375] * 8, *[125] * 8),
        [make_read(place, registers, START, 3), make_read(place, registers, end, 4003)],
    )

    assert await charged(place) == ({DAY: gross(t2=3, t3=1)}, set())


async def test_part_of_a_profile_leaves_the_mark_until_the_rest_comes() -> None:
    place = await place_by_bands()
    registers = await make_register_set(place.company_id)
    end = START + 4 * HOUR
    await store([], [make_read(place, registers, START, 3), make_read(place, registers, end, 4003)])
    profile = told(place, START, *[375] * 8, *[125] * 8)

    await store(profile[:6] + profile[10:])
    some = await charged(place)
    await store(profile[6:10])

    # The kilowatt-hour in the gap is shared out evenly.
    assert some == (
        {DAY: gross(t2=0) + int((Decimal("2.75") * 3 + Decimal("1.25")) * Decimal("1.26") * 10**6)
         + 2_400_000},
        {DAY},
    )  # fmt: skip
    assert await charged(place) == ({DAY: gross(t2=3, t3=1)}, set())


async def test_what_comes_without_a_profile_marks_a_day_that_was_told_so_far() -> None:
    place = await place_by_bands()
    registers = await make_register_set(place.company_id)
    start, until, end = (make_read(place, registers, START + n * HOUR, n * 1000) for n in range(3))
    await store(told(place, START, *[250] * 4), [start, until])
    before = await charged(place)

    await store([], [end])

    assert before == ({DAY: gross(t2=1)}, set())
    assert await charged(place) == ({DAY: gross(t2=2)}, {DAY})


async def test_a_profile_splits_at_a_change_of_a_flat_price() -> None:
    place = await make_place(meters=0, price=Decimal(2), opened_at=START)
    await add_supply(place, opened_at=START)
    await tariffs.set_price(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        price_per_kwh=Decimal(5),
        valid_from=START + HOUR,
        now=START,
    )
    registers = await make_register_set(place.company_id)
    end = START + 2 * HOUR
    await store([], [make_read(place, registers, START, 0), make_read(place, registers, end, 4001)])
    before = await charged(place)

    await store(told(place, START, *[750] * 4, *[250] * 4))
    after = await charged(place)
    await store([], [make_read(place, registers, end + HOUR, 5001)])

    assert before == ({DAY: 2_000 * 2_000 + 2_001 * 5_000}, {DAY})
    assert after == ({DAY: 3_000 * 2_000 + 1_001 * 5_000}, set())
    assert await charged(place) == ({DAY: 3_000 * 2_000 + 2_001 * 5_000}, set())


@pytest.mark.parametrize(
    ("night", "hours"),
    [
        pytest.param(datetime(2026, 3, 29), 23, id="an hour is left out"),  # noqa: DTZ001 - local
        pytest.param(datetime(2025, 10, 26), 25, id="an hour comes twice"),  # noqa: DTZ001 - local
    ],
)
async def test_a_day_is_as_long_as_its_clock_says(night: datetime, hours: int) -> None:
    start = night.replace(tzinfo=BERLIN).astimezone(NOW.tzinfo)
    end = start + hours * HOUR
    async with access.system() as connection:
        await connection.fetchval("select ensure_partitions($1, 3, 2)", end)
    place = await place_by_bands(start=start, time_zone="Europe/Berlin")
    registers = await make_register_set(place.company_id)
    reads = [make_read(place, registers, start, 3)]
    reads.append(make_read(place, registers, end, 3 + hours * 1000))

    await store(told(place, start, *[250] * 4 * hours), reads, now=end)

    # T1 has eleven hours and T2 five; the rest is T3's, and this one changed.
    assert await charged(place) == ({night.date(): gross(t1=11, t2=5, t3=hours - 16)}, set())


@dataclass(frozen=True)
class Story:
    """What a meter did each quarter, when it was read, what its profile told, and the order."""

    energies: list[int]
    reads: list[int]
    pieces: list[tuple[int, int]]
    change: int
    basis: BillingBasis
    order: list[int]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    reads = sorted(draw(st.sets(st.integers(0, 160), min_size=2, max_size=6)))
    pieces = draw(st.lists(st.tuples(st.integers(0, 150), st.integers(1, 60)), max_size=5))
    return Story(
        energies=draw(st.lists(st.integers(0, 900), min_size=161, max_size=161)),
        reads=reads,
        pieces=pieces,
        change=draw(st.integers(5, 150)),
        basis=draw(st.sampled_from(BillingBasis)),
        order=draw(st.permutations(range(len(reads) + len(pieces)))),
    )


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=stories())
async def test_any_order_of_pieces_and_readings_charges_what_the_whole_costs(story: Story) -> None:
    start = NOW - timedelta(days=2)
    change = start + story.change * QUARTER
    versions = [(start, bands("2.000000001")), (change, bands("4.7", "0.333333333"))]
    place = await place_by_bands(basis=story.basis, start=start, versions=versions)
    registers = await make_register_set(place.company_id)
    things: list[Read | list[Told]] = [
        make_read(place, registers, start + n * QUARTER, sum(story.energies[:n]))
        for n in story.reads
    ]
    things += [
        told(place, start + first * QUARTER, *story.energies[first : first + length])
        for first, length in story.pieces
    ]
    for thing in (things[step] for step in story.order):
        if isinstance(thing, Read):
            await store([], [thing])
        else:
            await store(thing)
    await ledger.close_days(now=NOW)

    assert await charged(place) == await whole(place)
    assert await verify() == []


async def whole(place: Place) -> tuple[dict[date, int], set[date]]:
    """Price all that is known at once; the tests of the rules hold what that comes to."""
    company_id, meter_id = place.company_id, place.supplies[0].meter_id
    since = NOW - timedelta(days=3)
    async with access.system() as connection:
        known = await indexes.anchors(
            connection, company_id=company_id, meter_id=meter_id, from_at=since, until_at=NOW
        )
        segments = await queries.segments(
            connection, company_id=company_id, meter_id=meter_id, from_at=since, until_at=NOW
        )
    made = bill(known, [replace(one, base_index_wh=None) for one in segments], ISTANBUL)
    days = {day: micro for (_, day), micro in made.charges.items() if micro}
    return days, {day for _, day in made.estimated}

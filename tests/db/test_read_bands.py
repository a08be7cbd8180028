"""Readings of meters that count hours themselves: in any order and pieces, the same charges."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import access
from db.enums import BillingBasis, ComponentKind, EnergyDirection
from domain.billing import indexes, queries
from domain.billing.rules import bill
from domain.ledger import operations as ledger
from domain.ledger.queries import verify
from domain.ledger.statements import statements
from domain.listing import Wall
from domain.readings import operations as readings
from domain.readings.batch import Read
from domain.tariffs import assignments, proposals
from domain.tariffs import operations as tariffs
from domain.tariffs.assignments import Whom
from domain.tariffs.chargeable import NotChargeable
from domain.tariffs.components import Component, Flat, TimeOfUse, Version
from domain.tariffs.presets import TR_TAXES, tr_time_of_use
from tests.factories import (
    NOW,
    Place,
    account_of,
    add_supply,
    make_place,
    make_read,
    make_register_set,
)

START = NOW.replace(month=2, day=27, hour=5, minute=13)
ISTANBUL = ZoneInfo("Europe/Istanbul")
TOTAL_AND_BANDS = ("1.8.0", "1.8.1", "1.8.2", "1.8.3", "2.8.0")
HOURS = ((6, 17), (17, 22), (22, 6))

pytestmark = pytest.mark.usefixtures("connected")


def version(price: str) -> Version:
    hours = tr_time_of_use(Decimal(price), Decimal(price) * 3, Decimal("0.333333333"))
    return Version(
        components=(
            Component(name="Energy", kind=ComponentKind.ENERGY, shape=hours),
            Component(name="Grid", kind=ComponentKind.DISTRIBUTION, shape=Flat(Decimal("0.1"))),
            Component(
                name="Night", kind=ComponentKind.FEE, shape=Flat(Decimal("0.2")), register="1.8.3"
            ),
            Component(
                name="Sold",
                kind=ComponentKind.ENERGY,
                shape=Flat(Decimal("0.9")),
                direction=EnergyDirection.EXPORT,
                register="2.8.0",
            ),
        ),
        taxes=TR_TAXES,
    )


@dataclass(frozen=True)
class Story:
    """What a meter did hour by hour, when it was read and told what, and in which order."""

    energies: list[int]
    reads: list[tuple[int, bool]]
    begins: int
    changes: int
    order: list[int]
    batch_sizes: list[int]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    places = sorted(draw(st.sets(st.integers(1, 95), min_size=3, max_size=12)))
    reads = [(place, draw(st.booleans())) for place in places]
    return Story(
        energies=draw(st.lists(st.integers(0, 3_000), min_size=96, max_size=96)),
        reads=reads,
        begins=draw(st.integers(1, 60)),
        changes=draw(st.integers(20, 90)),
        order=draw(st.permutations(range(len(reads)))),
        batch_sizes=draw(st.lists(st.integers(1, 6), min_size=1, max_size=3)),
    )


def shown(story: Story, hours: int) -> list[int]:
    """Return the total, each band, and what was exported after some hours."""
    values = [0, 0, 0, 0, sum(energy % 7 * 100 for energy in story.energies[:hours])]
    for number, energy in enumerate(story.energies[:hours]):
        hour = (START + timedelta(hours=number)).astimezone(ISTANBUL).hour
        band = next(p for p, (a, b) in enumerate(HOURS) if (hour - a) % 24 < (b - a) % 24)
        values[0] += energy
        values[band + 1] += energy
    return values


async def banded_place(begins: int, changes: int) -> Place:
    """Make a place whose account is charged by bands some hours after the start."""
    place = await make_place(meters=0, opened_at=START)
    await add_supply(place, opened_at=START)
    tariff_id = await tariffs.create_empty(company_id=place.company_id, name="Bands")
    place.tariff_id = tariff_id
    await approved(place, version("2.000000001"), START - timedelta(hours=1))
    await approved(place, version("3.7"), START + timedelta(hours=changes))
    await assignments.assign(
        company_id=place.company_id,
        tariff_id=tariff_id,
        whom=Whom(account_ids=(account_of(place),)),
        starts_at=START + timedelta(hours=begins),
        basis=BillingBasis.TOU_REGISTERS,
        now=START,
    )
    return place


async def approved(place: Place, its: Version, at: datetime) -> None:
    version_id = await proposals.propose(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        version=its,
        valid_from=at,
        by=None,
        now=START - timedelta(hours=2),
    )
    await proposals.approve(
        company_id=place.company_id,
        version_id=version_id,
        by=None,
        now=START - timedelta(hours=2),
    )


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=stories())
async def test_any_order_charges_what_the_whole_costs(story: Story) -> None:
    async with access.system() as connection:
        await connection.fetchval("select ensure_partitions($1, 12, 2)", START + timedelta(days=10))
    place = await banded_place(story.begins, story.changes)
    total = await make_register_set(place.company_id)
    bands = await make_register_set(place.company_id, TOTAL_AND_BANDS)
    reads = []
    for hours, tells in (story.reads[step] for step in story.order):
        values, at = shown(story, hours), START + timedelta(hours=hours)
        reads.append(make_read(place, total, at, values[0]))
        if tells:
            reads.append(make_read(place, bands, at, values[0], values=values))
    turn, twice = 0, list(reads)
    while reads:
        size = story.batch_sizes[turn % len(story.batch_sizes)]
        batch, reads = reads[:size], reads[size:]
        await store(batch + twice[:1])
        turn += 1
    await ledger.close_days(now=NOW)

    assert await charged(place) == await whole(place)
    assert await verify() == []


async def store(reads: list[Read]) -> None:
    async with access.system() as connection:
        await readings.store(connection, reads, now=NOW)


async def charged(place: Place) -> tuple[dict[date, int], set[date]]:
    """Return what days were charged, and which of them by an estimate."""
    async with access.system() as connection:
        days = await connection.fetch(
            "select local_date, charged_micro from accrual"
            " where company_id = $1 and charged_micro <> 0",
            place.company_id,
        )
        estimated = await connection.fetch(
            "select local_date from estimated_charge where company_id = $1", place.company_id
        )
    return dict(map(tuple, days)), {row["local_date"] for row in estimated}


async def whole(place: Place) -> tuple[dict[date, int], set[date]]:
    """Price all that is known at once; the tests of the rules hold what that comes to."""
    company_id, meter_id = place.company_id, place.supplies[0].meter_id
    async with access.system() as connection:
        known = await indexes.anchors(
            connection, company_id=company_id, meter_id=meter_id, from_at=START, until_at=NOW
        )
        segments = await queries.segments(
            connection, company_id=company_id, meter_id=meter_id, from_at=START, until_at=NOW
        )
    assert segments[0].basis is BillingBasis.TOTAL_REGISTER
    made = bill(known, segments, ISTANBUL)
    days = {day: micro for (_, day), micro in made.charges.items() if micro}
    return days, {day for _, day in made.estimated}


@pytest.mark.usefixtures("room")
async def test_a_statement_names_the_days_that_are_estimated() -> None:
    place = await banded_place(1, 50)
    bands = await make_register_set(place.company_id, TOTAL_AND_BANDS)
    total = (START, 0), (START + timedelta(hours=2), 1_000), (START + timedelta(hours=4), 2_000)
    await store([make_read(place, bands, at, wh, values=[wh, wh, 0, 0, 0]) for at, wh in total])

    async with access.tenant(place.company_id) as connection:
        found = await statements(
            connection,
            [account_of(place)],
            start=START - timedelta(days=1),
            end=NOW,
            wall=Wall(lambda _: "true", {"company": place.company_id, "now": NOW}),
        )

    # The change of the tariff stands between the first two.
    assert list(found[account_of(place)].estimated_days) == [START.date()]


def bare() -> Version:
    """Return hours that no register of the meter counts."""
    hours = tr_time_of_use(Decimal(1), Decimal(1), Decimal(1))
    bands = tuple(replace(band, register=None) for band in hours.bands)
    energy = Component(name="Energy", kind=ComponentKind.ENERGY, shape=TimeOfUse(bands))
    return Version(components=(energy,))


async def test_bands_without_registers_cannot_be_assigned_by_registers() -> None:
    place = await make_place(opened_at=START)
    place.tariff_id = await tariffs.create_empty(company_id=place.company_id, name="Bare")
    await approved(place, bare(), START - timedelta(hours=1))

    with pytest.raises(NotChargeable) as refused:
        await assignments.assign(
            company_id=place.company_id,
            tariff_id=place.tariff_id,
            whom=Whom(),
            starts_at=NOW + timedelta(days=1),
            basis=BillingBasis.TOU_REGISTERS,
            now=NOW,
        )

    assert refused.value.facts == {"part": "components.0.bands.0.register"}
    assert await count("tariff_assignment", place) == 0


async def test_a_tariff_that_is_assigned_by_registers_keeps_having_them() -> None:
    place = await banded_place(1, 50)

    with pytest.raises(NotChargeable):
        await approved(place, bare(), START + timedelta(hours=80))

    assert await count("tariff_version", place, "state = 'DRAFT'") == 1
    assert (
        await count("tariff_version", place, "valid_until > $2", START + timedelta(hours=60)) == 0
    )


async def count(table: str, place: Place, where: str = "true", *values: datetime) -> int:
    async with access.system() as connection:
        return int(
            await connection.fetchval(
                f"select count(*) from {table} where company_id = $1 and {where}",
                place.company_id,
                *values,
            )
        )

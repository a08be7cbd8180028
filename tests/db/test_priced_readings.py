"""Readings of meters whose prices have components: in any order and pieces, the same charges."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import access
from db.enums import ComponentKind, SlabPeriod
from db.ids import AccountId
from domain.billing.rules import Anchor, Segment, bill
from domain.ledger import operations as ledger
from domain.ledger.queries import verify
from domain.readings import operations as readings
from domain.tariffs import operations as tariffs
from domain.tariffs import proposals
from domain.tariffs.components import Component, Flat, PerDay, Slab, Slabs, Version
from domain.tariffs.courses import Course, Mark
from domain.tariffs.flows import Span
from domain.tariffs.lines import Terms
from domain.tariffs.presets import TR_TAXES, tr_time_of_use
from domain.tariffs.pricing import lines
from tests.factories import (
    NOW,
    Place,
    add_supply,
    make_place,
    make_read,
    make_register_set,
)

# The last days of a month and the first ones of the next.
START = NOW.replace(month=2, day=26, hour=5, minute=13)
ISTANBUL = ZoneInfo("Europe/Istanbul")


def components(price: str) -> Version:
    """Return a version that has every shape that billing charges."""
    hours = tr_time_of_use(Decimal(price), Decimal(price) * 2, Decimal("0.333333333"))
    slabs = Slabs(SlabPeriod.MONTH, (Slab(Decimal(5), Decimal(1)), Slab(None, Decimal(price))))
    return Version(
        components=(
            Component(name="Energy", kind=ComponentKind.ENERGY, shape=hours),
            Component(name="Steps", kind=ComponentKind.ENERGY, shape=slabs),
            Component(name="Grid", kind=ComponentKind.DISTRIBUTION, shape=Flat(Decimal("0.1"))),
            Component(
                name="Standing",
                kind=ComponentKind.FEE,
                shape=PerDay(Decimal("1.25")),
                register=None,
            ),
        ),
        taxes=TR_TAXES,
    )


VERSIONS = [components("2.345678901"), None, components("3.000000007")]
FLAT = Decimal("1.777777777")


@dataclass(frozen=True)
class Story:
    """What a meter truly did, when prices changed, and how it was told."""

    taken: list[tuple[int, int]]
    changes: list[int]
    order: list[int]
    batch_sizes: list[int]
    multiplier: Decimal
    closes: bool


@st.composite
def stories(draw: st.DrawFn) -> Story:
    minutes = draw(st.lists(st.integers(1, 900), min_size=3, max_size=14))
    taken = [(m, draw(st.integers(0, 60 * m))) for m in minutes]
    return Story(
        taken=taken,
        changes=sorted(draw(st.sets(st.integers(10, 9_000), max_size=2))),
        order=draw(st.permutations(range(len(taken)))),
        batch_sizes=draw(st.lists(st.integers(1, 6), min_size=1, max_size=4)),
        multiplier=draw(st.sampled_from([Decimal(1), Decimal("1.5")])),
        closes=draw(st.booleans()),
    )


def truth(story: Story) -> list[tuple[datetime, int]]:
    at, index_wh, found = START, 0, []
    for minutes, energy_wh in story.taken:
        at += timedelta(minutes=minutes)
        index_wh += energy_wh
        found.append((at, index_wh))
    return found


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=stories())
@pytest.mark.usefixtures("connected")
async def test_any_order_charges_what_the_whole_costs(story: Story) -> None:
    async with access.system() as connection:
        await connection.fetchval("select ensure_partitions($1, 12, 2)", START + timedelta(days=10))
    place = await priced_place(story)
    registers = await make_register_set(place.company_id)
    reads = [make_read(place, registers, *truth(story)[step]) for step in story.order]
    turn = 0
    while reads:
        size = story.batch_sizes[turn % len(story.batch_sizes)]
        batch, reads = reads[:size], reads[size:]
        async with access.system() as connection:
            await readings.store(connection, batch, now=NOW)
        if story.closes:
            await ledger.close_days(now=NOW)
        turn += 1

    assert await charged(place) == modelled(story)
    assert await taxes_charged(place) == modelled_taxes(story)
    assert await verify() == []


async def priced_place(story: Story) -> Place:
    """Make a place with one meter, whose tariff changes as the story has it."""
    place = await make_place(meters=0, opened_at=START)
    place.tariff_id = await tariffs.create_empty(company_id=place.company_id, name="Components")
    for version, minute in zip(VERSIONS, [-1, *story.changes], strict=False):
        at = START + timedelta(minutes=minute)
        if version is None:
            await tariffs.set_price(
                company_id=place.company_id,
                tariff_id=place.tariff_id,
                price_per_kwh=FLAT,
                valid_from=at,
                now=START,
            )
        else:
            await approved(place, version, at)
    await add_supply(place, opened_at=START, multiplier=story.multiplier)
    return place


async def approved(place: Place, version: Version, at: datetime) -> None:
    version_id = await proposals.propose(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        version=version,
        valid_from=at,
        by=None,
        now=START,
    )
    await proposals.approve(company_id=place.company_id, version_id=version_id, by=None, now=START)


async def charged(place: Place) -> dict[date, int]:
    async with access.system() as connection:
        rows = await connection.fetch(
            "select local_date, charged_micro from accrual where company_id = $1",
            place.company_id,
        )
    return {row["local_date"]: row["charged_micro"] for row in rows if row["charged_micro"]}


async def taxes_charged(place: Place) -> dict[tuple[date, str], int]:
    async with access.system() as connection:
        rows = await connection.fetch(
            "select local_date, tax, charged_micro from accrued_tax"
            " where company_id = $1 and side = 'TAX'",
            place.company_id,
        )
    return {
        (row["local_date"], row["tax"]): row["charged_micro"]
        for row in rows
        if row["charged_micro"]
    }


def modelled(story: Story) -> dict[date, int]:
    """Price the true course, told once and in order; the engine's own tests hold its lines."""
    days: Counter[date] = Counter()
    for version, terms in stretches(story):
        if version is None:
            days.update(flatly(course(story), truth(story), *terms.span, story.multiplier))
            continue
        for line in lines(terms, {"1.8.0": course(story)}, ISTANBUL):
            days[line.day] += line.gross_micro
    return {day: amount for day, amount in days.items() if amount}


def modelled_taxes(story: Story) -> dict[tuple[date, str], int]:
    made: Counter[tuple[date, str]] = Counter()
    for version, terms in stretches(story):
        if version is not None:
            for line in lines(terms, {"1.8.0": course(story)}, ISTANBUL):
                made.update({(line.day, tax.name): tax.amount_micro for tax in line.taxes})
    return {key: amount for key, amount in made.items() if amount}


def course(story: Story) -> Course:
    return Course(marks=[Mark(*one) for one in [(START, 0), *truth(story)]])


def stretches(story: Story) -> Iterator[tuple[Version | None, Terms]]:
    """Yield what holds from one change of prices to the next."""
    last = truth(story)[-1][0]
    changes = [START + timedelta(minutes=m) for m in story.changes]
    edges = [START, *(at for at in changes if at < last), last]
    for version, (starts_at, ends_at) in zip(VERSIONS, pairwise(edges), strict=False):
        yield (
            version,
            Terms(
                span=Span(starts_at, ends_at),
                counted_from=START,
                version=version or components("1"),
                multiplier=story.multiplier,
            ),
        )


def flatly(
    course: Course,
    known: Sequence[tuple[datetime, int]],
    starts_at: datetime,
    ends_at: datetime,
    multiplier: Decimal,
) -> Counter[date]:
    """Price readings at one price, as those of meters that never had another."""
    inside = [Anchor(at, index_wh) for at, index_wh in known if starts_at < at < ends_at]
    anchors = [
        Anchor(starts_at, course.index_at(starts_at)),
        *inside,
        Anchor(ends_at, course.index_at(ends_at)),
    ]
    segment = Segment(
        starts_at=starts_at,
        ends_at=ends_at,
        account_id=AccountId(1),
        price_per_kwh=FLAT,
        multiplier=multiplier,
        base_index_wh=anchors[0].index_wh,
    )
    made = bill(anchors, [segment], ISTANBUL)
    return Counter({day: amount for (_, day), amount in made.charges.items()})

"""Ingest in any order, in any pieces, any number of times, against an independent model."""

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import access
from db.ids import PremisesId
from domain.ledger import operations as ledger
from domain.ledger.queries import balance_of, verify
from domain.readings import operations as readings
from domain.readings.batch import Read
from domain.tariffs import operations as tariffs
from tests.factories import (
    NOW,
    Place,
    Supply,
    add_supply,
    make_place,
    make_read,
    make_register_set,
    open_account,
)

START = NOW - timedelta(days=2)
RANGE_WH = 10**9
# Near its end, so that many runs roll over.
OPENING_WH = RANGE_WH - 60_000
PRICES = [Decimal("2.345678901"), Decimal("0.333333333"), Decimal("17.000000007")]
ISTANBUL = ZoneInfo("Europe/Istanbul")


@dataclass(frozen=True)
class Step:
    """Minutes since the step before, and the energy in between: at most 60 kW."""

    minutes: int
    energy_wh: int


@st.composite
def steps(draw: st.DrawFn) -> list[Step]:
    minutes = draw(st.lists(st.integers(1, 120), min_size=1, max_size=20))
    return [Step(m, draw(st.integers(0, 1_000 * m))) for m in minutes]


@dataclass(frozen=True)
class Story:
    """What two meters of one account truly did, and how it was told."""

    meters: list[list[Step]]
    multiplier: Decimal
    price_changes: list[int]
    told: list[tuple[int, int, int]]
    batch_sizes: list[int]
    closes: list[bool]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    meters = [draw(steps()), draw(steps())]
    events = [
        (meter, step, registers)
        for meter, taken in enumerate(meters)
        for step in range(len(taken))
        for registers in (draw(st.sampled_from([(0,), (1,), (0, 1)])))
    ]
    repeated = draw(st.lists(st.sampled_from(events), max_size=10))
    changes = draw(st.lists(st.integers(6, 1_500), max_size=2, unique=True))
    return Story(
        meters=meters,
        multiplier=draw(st.sampled_from([Decimal(1), Decimal(40), Decimal("0.3333")])),
        price_changes=sorted(changes),
        told=draw(st.permutations(events + repeated)),
        batch_sizes=draw(st.lists(st.integers(1, 12), min_size=1, max_size=5)),
        closes=draw(st.lists(st.booleans(), min_size=1, max_size=5)),
    )


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=stories())
@pytest.mark.usefixtures("connected")
async def test_any_order_charges_what_the_model_charges(story: Story) -> None:
    place = await make_place(meters=0, price=PRICES[0], opened_at=START)
    first = await _supply(place, story.multiplier, None)
    supplies = [first, await _supply(place, story.multiplier, first.premises_id)]
    account_id = await open_account(
        place,
        {supply.point_id: OPENING_WH for supply in supplies},
        supplies[0].premises_id,
        opened_at=START,
    )
    for price, minute in zip(PRICES[1:], story.price_changes, strict=False):
        await tariffs.set_price(
            company_id=place.company_id,
            tariff_id=place.tariff_id,
            price_per_kwh=price,
            valid_from=START + timedelta(minutes=minute),
            now=START,
        )

    await _tell(place, supplies, story)

    charged = await _charged(place)
    assert charged == _modelled(story)
    balance = await balance_of(company_id=place.company_id, account_id=account_id)
    assert balance == -Decimal(sum(charged.values())).scaleb(-6)
    assert await verify() == []


async def _supply(place: Place, multiplier: Decimal, premises_id: PremisesId | None) -> Supply:
    return await add_supply(
        place,
        opened_at=START,
        multiplier=multiplier,
        with_account=False,
        initial_index_wh=OPENING_WH,
        premises_id=premises_id,
    )


async def _tell(place: Place, supplies: Sequence[Supply], story: Story) -> None:
    """Deliver the story in its order and pieces, closing days now and then."""
    sets = [
        await make_register_set(place.company_id, obis) for obis in (("1.8.0",), ("1.8.0", "5.8.0"))
    ]
    reads = [_read(place, supplies, story, sets, *event) for event in story.told]
    turn = 0
    while reads:
        size = story.batch_sizes[turn % len(story.batch_sizes)]
        batch, reads = reads[:size], reads[size:]
        async with access.system() as connection:
            await readings.store(connection, batch, now=NOW)
        if story.closes[turn % len(story.closes)]:
            await ledger.close_days(now=NOW)
        turn += 1


def _read(
    place: Place,
    supplies: Sequence[Supply],
    story: Story,
    sets: Sequence[int],
    meter: int,
    step: int,
    registers: int,
) -> Read:
    at, index_wh = _truth(story.meters[meter])[step]
    shown = index_wh % RANGE_WH
    values = [shown, 7][: registers + 1]
    return make_read(place, sets[registers], at, shown, supply=supplies[meter], values=values)


def _truth(taken: Sequence[Step]) -> list[tuple[datetime, int]]:
    at, index_wh, found = START, OPENING_WH, []
    for step in taken:
        at += timedelta(minutes=step.minutes)
        index_wh += step.energy_wh
        found.append((at, index_wh))
    return found


async def _charged(place: Place) -> dict[date, int]:
    async with access.system() as connection:
        rows = await connection.fetch(
            "select local_date, charged_micro from accrual where company_id = $1",
            place.company_id,
        )
    return {row["local_date"]: row["charged_micro"] for row in rows if row["charged_micro"]}


def _modelled(story: Story) -> dict[date, int]:
    """Charge each meter from its true course, told once and in order. Exact fractions only."""
    days: dict[date, int] = defaultdict(int)
    changes = [START + timedelta(minutes=m) for m in story.price_changes]
    for taken in story.meters:
        course = [(START, OPENING_WH), *_truth(taken)]
        known = dict(course)
        for at in changes:
            if at < course[-1][0] and at not in known:
                known[at] = _interpolated(course, at)
        knots = sorted(known)
        base = OPENING_WH
        price = PRICES[0]
        for start, end in itertools.pairwise(knots):
            if start in changes:
                base, price = known[start], PRICES[1 + changes.index(start)]
            due = [
                _rounded(Fraction(price) * Fraction(story.multiplier) * (wh - base) * 1_000)
                for wh in (known[start], known[end])
            ]
            day = (end.astimezone(ISTANBUL) - timedelta(microseconds=1)).date()
            days[day] += due[1] - due[0]
    return {day: amount for day, amount in days.items() if amount}


def _interpolated(course: Sequence[tuple[datetime, int]], at: datetime) -> int:
    before = max(knot for knot in course if knot[0] < at)
    after = min(knot for knot in course if knot[0] > at)
    share = Fraction((at - before[0]) // timedelta(seconds=1))
    share /= (after[0] - before[0]) // timedelta(seconds=1)
    return before[1] + int((after[1] - before[1]) * share)


def _rounded(amount: Fraction) -> int:
    """Round half up; amounts here are never negative."""
    return int(amount + Fraction(1, 2))

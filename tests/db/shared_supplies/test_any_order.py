"""A shared meter read in any order: each account pays its share, and together they pay for all."""

import itertools
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import access
from db.enums import ComponentKind, SlabPeriod
from db.ids import AccountId, TariffId
from domain.billing.portions import WHOLE_PPM, apportioned
from domain.billing.rules import cost_micro
from domain.ledger import operations as ledger
from domain.ledger.queries import balance_of, verify
from domain.readings import operations as readings
from domain.tariffs import operations as tariffs
from domain.tariffs.components import Component, Slab, Slabs, Version
from tests.db.shared_supplies.sharing import add_tenant, energy, share
from tests.db.submetered import tariff_of
from tests.factories import NOW, Place, add_supply, make_place, make_read, make_register_set

START = NOW - timedelta(days=2)
MINUTE = timedelta(minutes=1)
PRICES = [Decimal("2.345678901"), Decimal("0.333333333")]
ISTANBUL = ZoneInfo("Europe/Istanbul")

Course = list[tuple[datetime, int]]


@dataclass(frozen=True)
class Story:
    """What a meter did that accounts share, and how it was told.

    shares: who pays at first, and who pays from `changed` minutes on; 0 for nothing. The second
    account has a tariff whose price changes, the third one with slabs.
    """

    course: Course
    multiplier: Decimal
    shares: tuple[list[int], list[int]]
    changed: int
    price_change: int
    told: list[int]
    batch_sizes: list[int]
    closes: list[bool]


@st.composite
def courses(draw: st.DrawFn) -> Course:
    at, index_wh, course = START, 0, [(START, 0)]
    for minutes in draw(st.lists(st.integers(1, 200), min_size=1, max_size=10)):
        at += minutes * MINUTE
        index_wh += draw(st.integers(0, 1_000 * minutes))
        course.append((at, index_wh))
    return course


@st.composite
def wholes(draw: st.DrawFn, accounts: int) -> list[int]:
    """Draw shares of as many accounts, some of which pay nothing."""
    cuts = draw(st.lists(st.integers(0, WHOLE_PPM), min_size=accounts - 1, max_size=accounts - 1))
    edges = [0, *sorted(cuts), WHOLE_PPM]
    made = [end - start for start, end in itertools.pairwise(edges)]
    return draw(st.permutations(made))


@st.composite
def stories(draw: st.DrawFn) -> Story:
    course = draw(courses())
    accounts = draw(st.integers(2, 5))
    steps = list(range(1, len(course)))
    return Story(
        course=course,
        multiplier=draw(st.sampled_from([Decimal(1), Decimal(40), Decimal("0.3333")])),
        shares=(draw(wholes(accounts)), draw(wholes(accounts))),
        changed=draw(st.integers(1, 900)),
        price_change=draw(st.integers(6, 900)),
        told=draw(st.permutations(steps + draw(st.lists(st.sampled_from(steps), max_size=5)))),
        batch_sizes=draw(st.lists(st.integers(1, 6), min_size=1, max_size=4)),
        closes=draw(st.lists(st.booleans(), min_size=1, max_size=4)),
    )


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=stories())
@pytest.mark.usefixtures("connected")
async def test_any_order_shares_the_whole_energy_out(story: Story) -> None:
    shuffled, accounts = await _told(story, story.told, story.batch_sizes)
    in_order, others = await _told(story, list(range(1, len(story.course))), [1])

    stretches = _stretches(story)
    parts = [
        Counter(
            apportioned(
                energy_wh, sorted(one for one in zip(accounts, shares, strict=True) if one[1])
            )
        )
        for energy_wh, shares in zip(stretches, story.shares, strict=True)
    ]
    expected = {
        account_id: story.multiplier * sum(part[account_id] for part in parts)
        for account_id in accounts
    }
    found = await energy(shuffled)
    assert found == {account_id: wh for account_id, wh in expected.items() if wh}
    assert sum(found.values()) == story.multiplier * sum(stretches)
    told_once = await _charged(in_order)
    same = dict(zip(accounts, others, strict=True))
    assert {
        (same[account_id], day): charge
        for (account_id, day), charge in (await _charged(shuffled)).items()
    } == told_once
    assert await balance_of(company_id=shuffled.company_id, account_id=accounts[0]) == -sum(
        Decimal(
            cost_micro(
                price_per_kwh=PRICES[0], multiplier=story.multiplier, energy_wh=part[accounts[0]]
            )
        ).scaleb(-6)
        for part in parts
    )
    assert await verify() == []


def _stretches(story: Story) -> list[int]:
    """Return the Wh before who pays changes, and after."""
    last = story.course[-1][1]
    if START + story.changed * MINUTE > story.course[-1][0]:
        return [last, 0]
    index_wh = _index(story.course, START + story.changed * MINUTE)
    return [index_wh, last - index_wh]


async def _told(
    story: Story, told: list[int], batch_sizes: list[int]
) -> tuple[Place, list[AccountId]]:
    """Deliver the story to a company of its own, closing days now and then."""
    place = await make_place(meters=0, price=PRICES[0], opened_at=START)
    supply = await add_supply(
        place, opened_at=START, multiplier=story.multiplier, with_account=False
    )
    prices = [None, await _changing(place, story), await _with_slabs(place), None, None]
    accounts = [
        await add_tenant(place, f"T{number}", tariff_id=prices[number], opened_at=START)
        for number in range(len(story.shares[0]))
    ]
    for shares, minutes in zip(story.shares, (0, story.changed), strict=True):
        at = START + minutes * MINUTE
        paying = {a: ppm for a, ppm in zip(accounts, shares, strict=True) if ppm}
        if at <= story.course[-1][0]:
            index_wh = _index(story.course, at)
            await share(place, supply, paying, since=at, index_wh=index_wh)
    registers, left, turn = await make_register_set(place.company_id), list(told), 0
    while left:
        size = batch_sizes[turn % len(batch_sizes)]
        batch, left = left[:size], left[size:]
        reads = [make_read(place, registers, *story.course[step], supply=supply) for step in batch]
        async with access.system() as connection:
            await readings.store(connection, reads, now=NOW)
        if story.closes[turn % len(story.closes)]:
            await ledger.close_days(now=NOW)
        turn += 1
    return place, accounts


async def _changing(place: Place, story: Story) -> TariffId:
    tariff_id = await tariffs.create(
        company_id=place.company_id,
        name="Changing",
        price_per_kwh=PRICES[0],
        valid_from=START - MINUTE,
    )
    await tariffs.set_price(
        company_id=place.company_id,
        tariff_id=tariff_id,
        price_per_kwh=PRICES[1],
        valid_from=START + story.price_change * MINUTE,
        now=START - timedelta(days=1),
    )
    return tariff_id


async def _with_slabs(place: Place) -> TariffId:
    slabs = Slabs(SlabPeriod.MONTH, (Slab(Decimal(30), PRICES[0]), Slab(None, PRICES[1])))
    energy = Component(name="Energy", kind=ComponentKind.ENERGY, shape=slabs)
    return await tariff_of(place, Version(components=(energy,)))


async def _charged(place: Place) -> dict[tuple[AccountId, date], int]:
    async with access.system() as connection:
        rows = await connection.fetch(
            "select account_id, local_date, charged_micro from accrual where company_id = $1"
            " and charged_micro <> 0",
            place.company_id,
        )
    return {(row["account_id"], row["local_date"]): row["charged_micro"] for row in rows}


def _index(course: Course, at: datetime) -> int:
    """Return the index then, in proportion to time between two reads."""
    before = max(knot for knot in course if knot[0] <= at)
    after = min((knot for knot in course if knot[0] > at), default=before)
    if after == before:
        return before[1]
    gained, elapsed = after[1] - before[1], (after[0] - before[0]) // MINUTE
    return before[1] + gained * ((at - before[0]) // MINUTE) // elapsed

"""Parents and children read in any order: each account pays what nobody below it pays for."""

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
from db.ids import AccountId, TariffId
from domain.accounts import operations as accounts
from domain.ledger import operations as ledger
from domain.ledger.queries import balance_of, verify
from domain.readings import operations as readings
from domain.tariffs import operations as tariffs
from tests.factories import NOW, Place, Supply, add_supply, make_place, make_read, make_register_set

START = NOW - timedelta(days=2)
MINUTE = timedelta(minutes=1)
PRICES = [Decimal("2.345678901"), Decimal("0.333333333"), Decimal("17.000000007")]
SHOPS_PRICE = Decimal("3.100000009")
ISTANBUL = ZoneInfo("Europe/Istanbul")
MALL, SHOP, KIOSK = range(3)

Course = list[tuple[datetime, int]]


@st.composite
def courses(draw: st.DrawFn) -> Course:
    at, index_wh, course = START, 0, [(START, 0)]
    for minutes in draw(st.lists(st.integers(1, 120), min_size=1, max_size=10)):
        at += minutes * MINUTE
        index_wh += draw(st.integers(0, 1_000 * minutes))
        course.append((at, index_wh))
    return course


@dataclass(frozen=True)
class Story:
    """What the meters of a mall, of a shop in it and of a kiosk in the shop did; how it was told.

    opened: when the mall's account begins, which is told of before the mall's first read.
    """

    courses: list[Course]
    multipliers: list[Decimal]
    opened: int
    price_changes: list[int]
    told: list[tuple[int, int]]
    batch_sizes: list[int]
    closes: list[bool]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    taken = [draw(courses()) for _ in range(3)]
    events = [(meter, step) for meter in range(3) for step in range(1, len(taken[meter]))]
    repeated = draw(st.lists(st.sampled_from(events), max_size=8))
    changes = draw(st.lists(st.integers(6, 900), max_size=2, unique=True))
    multipliers = st.sampled_from([Decimal(1), Decimal(40), Decimal("0.3333")])
    return Story(
        courses=taken,
        multipliers=[draw(multipliers) for _ in range(3)],
        opened=draw(st.sampled_from([0, 0, 5, 60, 200])),
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
async def test_any_order_leaves_each_account_its_net_energy(story: Story) -> None:
    place = await make_place(meters=0, price=SHOPS_PRICE, opened_at=START)
    malls_tariff = await _malls_tariff(place, story)
    supplies = await _supplies(place, story)

    mall_id = await _tell(place, supplies, story, malls_tariff)

    opened_at = START + story.opened * MINUTE
    changes = [START + minute * MINUTE for minute in story.price_changes]
    at_malls = [_modelled(story, meter, PRICES, changes, opened_at) for meter in (MALL, SHOP)]
    at_shops = [_modelled(story, meter, [SHOPS_PRICE], [], START) for meter in (SHOP, KIOSK)]
    expected = {
        mall_id: _less(*at_malls),
        supplies[SHOP].account_id: _less(*at_shops),
        supplies[KIOSK].account_id: _less(at_shops[1], {}),
    }
    for account_id, days in expected.items():
        assert account_id is not None
        assert await _charged(place, account_id) == days
        balance = await balance_of(company_id=place.company_id, account_id=account_id)
        assert balance == -Decimal(sum(days.values())).scaleb(-6)
    assert await verify() == []


async def _malls_tariff(place: Place, story: Story) -> TariffId:
    tariff_id = await tariffs.create(
        company_id=place.company_id,
        name="Mall",
        price_per_kwh=PRICES[0],
        valid_from=START - MINUTE,
    )
    for price, minute in zip(PRICES[1:], story.price_changes, strict=False):
        await tariffs.set_price(
            company_id=place.company_id,
            tariff_id=tariff_id,
            price_per_kwh=price,
            valid_from=START + minute * MINUTE,
            now=START - timedelta(days=1),
        )
    return tariff_id


async def _supplies(place: Place, story: Story) -> list[Supply]:
    supplies: list[Supply] = []
    for meter in (MALL, SHOP, KIOSK):
        supplies.append(
            await add_supply(
                place,
                opened_at=START,
                multiplier=story.multipliers[meter],
                with_account=meter != MALL,
                parent_id=supplies[-1].point_id if supplies else None,
            )
        )
    return supplies


async def _tell(
    place: Place, supplies: Sequence[Supply], story: Story, malls_tariff: TariffId
) -> AccountId:
    """Deliver the story in its order and pieces, closing days now and then."""
    registers = await make_register_set(place.company_id)
    told, mall_id, turn = list(story.told), None, 0
    while told:
        size = story.batch_sizes[turn % len(story.batch_sizes)]
        batch, told = told[:size], told[size:]
        if mall_id is None and any(meter == MALL for meter, _ in batch):
            mall_id = await _open_mall(place, supplies[MALL], story, malls_tariff)
        reads = [
            make_read(place, registers, *story.courses[meter][step], supply=supplies[meter])
            for meter, step in batch
        ]
        async with access.system() as connection:
            await readings.store(connection, reads, now=NOW)
        if story.closes[turn % len(story.closes)]:
            await ledger.close_days(now=NOW)
        turn += 1
    assert mall_id is not None
    return mall_id


async def _open_mall(place: Place, supply: Supply, story: Story, tariff_id: TariffId) -> AccountId:
    at = START + story.opened * MINUTE
    return await accounts.open_account(
        company_id=place.company_id,
        number="MALL",
        subscriber_id=place.subscriber_id,
        premises_id=supply.premises_id,
        tariff_id=tariff_id,
        points={supply.point_id: _index(story.courses[MALL], at)},
        opened_at=at,
        now=NOW,
    )


async def _charged(place: Place, account_id: AccountId) -> dict[date, int]:
    async with access.system() as connection:
        rows = await connection.fetch(
            "select local_date, charged_micro from accrual where company_id = $1"
            " and account_id = $2 and charged_micro <> 0",
            place.company_id,
            account_id,
        )
    return {row["local_date"]: row["charged_micro"] for row in rows}


def _modelled(
    story: Story,
    meter: int,
    prices: Sequence[Decimal],
    changes: Sequence[datetime],
    begins_at: datetime,
) -> dict[date, int]:
    """Charge a meter by prices from its true course, told once and in order. Exact fractions."""
    course, days = story.courses[meter], defaultdict[date, int](int)
    if meter == MALL and begins_at > course[-1][0]:
        return days
    known = dict(course)
    for at in (begins_at, *changes):
        if course[0][0] < at < course[-1][0]:
            known.setdefault(at, _index(course, at))
    multiplier = Fraction(story.multipliers[meter])
    base = None
    for start, end in itertools.pairwise(at for at in sorted(known) if at >= begins_at):
        if base is None or start in changes:
            base = known[start]
        price = prices[sum(1 for at in changes if at <= start)]
        due = [
            int(Fraction(price) * multiplier * (known[at] - base) * 1_000 + Fraction(1, 2))
            for at in (start, end)
        ]
        days[(end.astimezone(ISTANBUL) - timedelta(microseconds=1)).date()] += due[1] - due[0]
    return days


def _less(days: dict[date, int], others: dict[date, int]) -> dict[date, int]:
    net = {day: days.get(day, 0) - others.get(day, 0) for day in {*days, *others}}
    return {day: amount for day, amount in net.items() if amount}


def _index(course: Course, at: datetime) -> int:
    """Return the index then, in proportion to time between two reads; the last one afterwards."""
    before = max(knot for knot in course if knot[0] <= at)
    after = min((knot for knot in course if knot[0] > at), default=None)
    if after is None:
        return before[1]
    share = Fraction((at - before[0]) // MINUTE, (after[0] - before[0]) // MINUTE)
    return before[1] + int((after[1] - before[1]) * share)

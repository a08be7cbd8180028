"""How accounts stood, when they were last looked at."""

from datetime import date
from decimal import Decimal

from db import access
from db.enums import Segment
from domain.analytics.measuring import measure
from tests.credit import pay
from tests.db.indicators.telling import DAY, NOTHING, TODAY, read, today, told
from tests.factories import NOW, Place, add_supply


async def test_standings_are_the_ledgers_of_their_moment(place: Place) -> None:
    await pay(place, "10")
    await pay(place, "0.5", key="two", number=1)
    await read(place, NOW - DAY, 2_000)
    await measure(now=NOW)
    await pay(place, "99", key="later")

    standing = (await today(place)).standing

    assert standing is not None
    assert standing.as_of == NOW
    assert (standing.balance, standing.debt, standing.in_flight) == (
        Decimal("5.5"),
        NOTHING,
        NOTHING,
    )
    assert standing.segments == {
        Segment.NO_ENERGY: 0,
        Segment.INVOICED: 0,
        Segment.WARNING_LIMIT: 0,
        Segment.CREDIT: 2,
    }
    # 5 in the 159 hours up to yesterday, of which 5 are left; of the other nobody can tell.
    assert standing.daily_use == Decimal("0.754716")
    assert standing.run_out_days is not None
    assert standing.run_out_days.quantize(Decimal("0.001")) == Decimal("5.625")
    assert standing.run_outs == [0, 0, 0, 1, 0, 0, 0, 0]


async def test_standings_count_segments_and_those_below_their_limit(place: Place) -> None:
    await pay(place, "10")
    async with access.system() as connection:
        await connection.execute(
            "update meter set supply = 'OFF' where company_id = $1 and id = $2",
            place.company_id,
            place.supplies[1].meter_id,
        )
    await add_supply(place)
    await measure(now=NOW)

    standing = (await today(place)).standing

    assert standing is not None
    assert standing.segments == {
        Segment.NO_ENERGY: 1,
        Segment.INVOICED: 0,
        Segment.WARNING_LIMIT: 1,
        Segment.CREDIT: 1,
    }
    assert standing.below_warning == 2
    assert standing.run_outs == [2, 0, 0, 0, 0, 0, 0, 0]


async def test_a_bucket_shows_how_accounts_stood_last(place: Place) -> None:
    await measure(now=NOW - DAY)
    await pay(place, "10")
    await measure(now=NOW)

    (buckets,) = (await told(place, TODAY - 2 * DAY, TODAY - DAY, TODAY, TODAY + DAY)).values()
    (month,) = (await told(place, date(2026, 3, 1), date(2026, 4, 1))).values()

    balances = [one.standing and one.standing.balance for one in [*buckets, *month]]
    assert balances == [None, 0, 10, 10]

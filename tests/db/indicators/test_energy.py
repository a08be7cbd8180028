"""Energy and what it cost, before and after its day is closed."""

from decimal import Decimal

from db.enums import LedgerAccountKind
from domain.analytics.checks import verify
from domain.analytics.measuring import measure
from domain.ledger import operations as ledger
from tests.db.indicators.telling import DAY, NOTHING, TODAY, read, today, told
from tests.factories import NOW, Place, add_supply, make_place


async def test_energy_and_charges_are_those_of_the_readings(place: Place) -> None:
    await add_supply(place, multiplier=Decimal("40.5"))
    await read(place, NOW - DAY, 1_000)
    await read(place, NOW, 4_000)
    await read(place, NOW, 2_000, number=2)
    await measure(now=NOW)

    (buckets,) = (await told(place, TODAY - DAY, TODAY, TODAY + DAY)).values()

    assert [one.charged.energy_wh for one in buckets] == [1_000, 3_000 + 81_000]
    assert [one.charged.amount for one in buckets] == [Decimal("2.5"), Decimal(210)]
    assert [one.charged.as_of for one in buckets] == [NOW, NOW]


async def test_a_day_is_settled_once_it_is_closed_until_a_reading_comes_late(
    place: Place,
) -> None:
    await read(place, NOW, 4_000)
    unknown = (await today(place)).charged
    await measure(now=NOW)
    first = (await today(place)).charged
    await ledger.close_days(now=NOW + DAY)
    await measure(now=NOW + DAY)
    settled = (await today(place)).charged
    await read(place, NOW - DAY, 1_000, now=NOW + DAY)
    late = (await today(place)).charged
    await ledger.close_days(now=NOW + DAY)
    await measure(now=NOW + 2 * DAY)
    corrected = (await today(place)).charged

    assert (unknown.amount, unknown.is_settled, unknown.as_of) == (NOTHING, False, None)
    assert (first.amount, first.is_settled, first.as_of) == (Decimal(10), False, NOW)
    assert (settled.amount, settled.is_settled, settled.as_of) == (Decimal(10), True, None)
    assert (late.amount, late.is_settled, late.as_of) == (Decimal(10), False, NOW + DAY)
    assert (corrected.amount, corrected.energy_wh) == (Decimal("7.5"), Decimal(3_000))
    assert corrected.is_settled
    assert await verify() == []


async def test_energy_moves_between_days_even_where_it_costs_nothing(connected: None) -> None:
    place = await make_place(price=NOTHING)
    await read(place, NOW, 4_000)
    await read(place, NOW - DAY, 1_000)
    await measure(now=NOW)

    (buckets,) = (await told(place, TODAY - DAY, TODAY, TODAY + DAY)).values()

    assert [one.charged.energy_wh for one in buckets] == [1_000, 3_000]


async def test_what_was_posted_counts_when_it_was_and_what_was_used_when_that_was(
    place: Place,
) -> None:
    await read(place, NOW, 4_000)
    await ledger.close_days(now=NOW + DAY)
    await measure(now=NOW + DAY)

    (buckets,) = (await told(place, TODAY, TODAY + DAY, TODAY + 2 * DAY)).values()

    assert [one.charged.amount for one in buckets] == [10, 0]
    assert [
        [(one.side, one.credited) for one in bucket.movements if one.credited] for bucket in buckets
    ] == [[], [(LedgerAccountKind.REVENUE, Decimal(10))]]

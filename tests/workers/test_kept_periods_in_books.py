"""What meters kept from the ends of months, on invoices and in the books."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest

from db.bell import Bell
from db.settings import Urls
from domain.invoices import monthly
from domain.ledger import operations as ledger
from domain.ledger.queries import balance_of, verify
from domain.metering import removals
from domain.month_charges import runs
from domain.tariffs import operations as tariffs
from tests.db.exchanges import mounting_of
from tests.db.invoicing import (
    ENDS_AT,
    FEBRUARY,
    PRICE,
    STARTS_AT,
    add_postpaid,
    invoice_of,
    make_postpaid,
)
from tests.db.month_charges.test_peaks import ONLY_DEMAND
from tests.db.month_charges.world import charged, make_monthly, verdict
from tests.factories import Place, account_of, add_supply
from tests.workers.kept import Telling, known, make_room
from tests.workers.readouts import fetch

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ISSUED_AT = ENDS_AT + 5 * DAY


@pytest.fixture
async def place(connected: None, database: Urls) -> Place:
    await make_room(database.owner)
    return await make_postpaid()


@pytest.fixture
async def telling(place: Place, redis_url: str) -> AsyncIterator[Telling]:
    async with Bell(redis_url, "test_kept_periods_in_books") as bell:
        yield Telling(place, bell, ISSUED_AT)


async def balance(place: Place, number: int = 0) -> Decimal:
    return await balance_of(company_id=place.company_id, account_id=account_of(place, number))


def cost(kwh: int) -> Decimal:
    return (PRICE * kwh).quantize(Decimal("0.000001"))


async def test_a_month_between_readouts_is_invoiced_by_what_the_meter_kept(
    telling: Telling,
) -> None:
    place = telling.place
    await telling.read(STARTS_AT - 3 * DAY, 500, {})
    await telling.read(STARTS_AT + 2 * DAY, 9_000, {STARTS_AT: 1_001})
    await telling.read(ENDS_AT - DAY, 110_000, {STARTS_AT: 1_001})
    await telling.read(ENDS_AT + 2 * DAY, 140_000, {ENDS_AT: 123_456, STARTS_AT: 1_001})
    await ledger.close_days(now=ISSUED_AT)

    invoice_id = await monthly.issue(
        company_id=place.company_id, account_id=account_of(place), month=FEBRUARY, now=ISSUED_AT
    )

    (line,) = (await invoice_of(place.company_id, invoice_id)).lines
    assert line.metered is not None
    assert line.metered.first is not None
    assert (line.metered.first.at, line.metered.first.index_wh) == (STARTS_AT, 1_001)
    assert (line.metered.last.at, line.metered.last.index_wh) == (ENDS_AT, 123_456)
    assert line.metered.energy_wh == 122_455
    assert not line.is_estimated
    assert await verify() == []


async def test_a_price_that_changed_within_a_stretch_is_settled_by_what_the_meter_kept(
    telling: Telling,
) -> None:
    place = telling.place
    await tariffs.set_price(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        price_per_kwh=Decimal(10),
        valid_from=ENDS_AT,
        now=ENDS_AT - 5 * DAY,
    )
    await telling.read(ENDS_AT - DAY, 110_000, {})
    await telling.read(ENDS_AT + DAY, 130_000, {})
    # In proportion to time, half of it was used at either price.
    assert await balance(place) == -(cost(120) + 100)
    await ledger.close_days(now=ISSUED_AT - DAY)

    await telling.read(ENDS_AT + 2 * DAY, 130_000, {ENDS_AT: 128_000})
    await ledger.close_days(now=ISSUED_AT)

    assert await balance(place) == -(cost(128) + 20)
    assert await fetch("select base_index_wh, estimated from billing_segment where estimated") == []
    assert await verify() == []


async def test_what_a_meter_kept_from_before_its_mounting_bills_nobody(telling: Telling) -> None:
    place = telling.place
    await telling.read(ENDS_AT - DAY, 50_000, {})
    other = await add_supply(place, with_account=False, mounted=False)
    exchanged_at = ENDS_AT + DAY
    await removals.exchange(
        company_id=place.company_id,
        mounting_id=await mounting_of(place.supplies[0].meter_id),
        meter_id=other.meter_id,
        exchanged_at=exchanged_at,
        final_index_wh=60_000,
        initial_index_wh=7_000,
        now=exchanged_at,
    )

    await telling.read(exchanged_at + DAY, 8_000, {ENDS_AT: 6_500, STARTS_AT: 2_000}, supply=other)

    assert await known() == [
        (STARTS_AT, 2_000), (ENDS_AT - DAY, 50_000), (ENDS_AT, 6_500), (exchanged_at + DAY, 8_000)
    ]  # fmt: skip
    assert await fetch("select sum(energy_wh) from accrual") == [{"sum": 61_000}]
    assert await balance(place) == -cost(61)
    assert await fetch("select * from held_reading") == []


async def test_what_a_meter_kept_from_elsewhere_bills_who_had_it_then(telling: Telling) -> None:
    place = telling.place
    other = await add_postpaid(place)
    await telling.read(ENDS_AT - DAY, 30_000, {}, supply=other)
    moved_at = ENDS_AT + DAY
    await removals.remove(
        company_id=place.company_id,
        mounting_id=await mounting_of(other.meter_id),
        ended_at=moved_at,
        final_index_wh=40_000,
        now=moved_at,
    )
    await removals.exchange(
        company_id=place.company_id,
        mounting_id=await mounting_of(place.supplies[0].meter_id),
        meter_id=other.meter_id,
        exchanged_at=moved_at + HOUR,
        final_index_wh=5_000,
        initial_index_wh=40_000,
        now=moved_at + HOUR,
    )

    await telling.read(moved_at + DAY, 41_000, {ENDS_AT: 38_000}, supply=other)

    assert await balance(place) == -(cost(5) + cost(1))
    assert await balance(place, 1) == -cost(40)
    assert await fetch(
        "select local_date::text, energy_wh from accrual where account_id"
        f" = {account_of(place, 1)} order by 1"
    ) == [
        {"local_date": "2026-02-27", "energy_wh": 30_000},
        {"local_date": "2026-02-28", "energy_wh": 8_000},
        {"local_date": "2026-03-01", "energy_wh": 2_000},
    ]
    assert await fetch("select * from held_reading") == []


async def test_a_peak_is_charged_by_the_maximum_that_the_meter_kept(telling: Telling) -> None:
    telling.place = await make_monthly(version=ONLY_DEMAND)
    for ended_at, kept_wh, kept_w, shown_w in (
        (STARTS_AT, 1_000, 90_000, 20_000),
        (ENDS_AT, 100_000, 50_000, 3_000),
    ):
        read_at = ended_at + 2 * DAY
        maxima_w = {ended_at: kept_w, read_at: shown_w}
        await telling.read(read_at, kept_wh + 5_000, {ended_at: kept_wh}, maxima_w=maxima_w)
    await ledger.close_days(now=ISSUED_AT)

    await runs.work(now=ISSUED_AT)

    assert (await verdict(telling.place))["peaks_w"] == '{"1.6.0": 50000}'
    assert await charged(telling.place) == 500


async def test_a_late_period_moves_energy_to_its_month_and_no_sum(telling: Telling) -> None:
    place = telling.place
    await telling.read(STARTS_AT + DAY, 20_000, {})
    before = await balance(place)

    await telling.read(STARTS_AT + 2 * DAY, 20_000, {STARTS_AT: 15_000})

    assert await balance(place) == before == -cost(20)
    assert await fetch("select local_date::text, energy_wh from accrual order by 1") == [
        {"local_date": "2026-01-31", "energy_wh": 15_000},
        {"local_date": "2026-02-01", "energy_wh": 5_000},
    ]

"""No money changes because readings are forgotten."""

from datetime import datetime
from decimal import Decimal

import pytest

from db.settings import Urls
from domain.ledger.queries import balance_of, verify
from domain.readings import forgetting
from domain.readings import operations as readings
from domain.tariffs import operations as tariffs
from tests.db.kept_readings import DAY, HOUR, OLD, charges, make_days, place_keeping, store, stored
from tests.factories import NOW, Place, account_of, make_read, make_register_set

pytestmark = pytest.mark.usefixtures("connected")


async def price_change(place: Place, at: datetime) -> None:
    await tariffs.set_price(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        price_per_kwh=Decimal(3),
        valid_from=at,
        now=at - HOUR,
    )


@pytest.mark.parametrize(
    "dropped", [pytest.param(True, id="dropped whole"), pytest.param(False, id="deleted")]
)
async def test_a_late_reading_is_charged_as_if_nothing_had_been_forgotten(
    database: Urls, dropped: bool
) -> None:
    first, last = NOW - 420 * DAY, NOW - 419 * DAY
    late, newest = NOW - 80 * DAY, NOW - DAY
    await make_days(database, first, last, late)
    place = await place_keeping(365)
    if not dropped:
        await place_keeping(3_650)
    registers = await make_register_set(place.company_id)
    await store(make_read(place, registers, first, 1_000))
    await store(make_read(place, registers, last, 5_000))
    await price_change(place, NOW - 100 * DAY)
    reads = [make_read(place, registers, newest, 25_000), make_read(place, registers, late, 20_000)]

    forgotten = await forgetting.forget(now=NOW)
    for read in reads:
        await store(read, now=NOW)

    assert (forgotten.readings, forgotten.days) == ((0, 2) if dropped else (2, 2))
    assert await stored(place) == [late, newest]
    # 15 kWh in 339 days, of which the first 319 are at the old price: 14,115 Wh; then 5,885 Wh.
    assert await charges(place) == [
        (first.date(), 2_000_000),
        (last.date(), 8_000_000),
        ((NOW - 100 * DAY).date(), 28_230_000),
        (late.date(), 2_655_000),
        (newest.date(), 15_000_000),
    ]
    account_id = account_of(place)
    balance = await balance_of(company_id=place.company_id, account_id=account_id)
    assert balance == Decimal("-55.885000")
    assert await verify() == []


async def test_a_late_reading_is_charged_alike_beside_one_who_keeps_everything(
    database: Urls,
) -> None:
    told = [(-400, 4_000), (-399, 4_500), (-395, 9_000)]
    late = [(-2, 60_000), (-85, 30_000), (-40, 48_000)]
    await make_days(database, *(NOW + day * DAY for day, _ in (*told, *late)))
    places = short, long = await place_keeping(365), await place_keeping(3_650)
    registers = {place.company_id: await make_register_set(place.company_id) for place in places}
    for place in places:
        for day, index_wh in told:
            read = make_read(place, registers[place.company_id], NOW + day * DAY, index_wh)
            await store(read)
        await price_change(place, NOW - 200 * DAY)
        await price_change(place, NOW - 60 * DAY)

    await forgetting.forget(now=NOW)
    for place in places:
        for day, index_wh in late:
            read = make_read(place, registers[place.company_id], NOW + day * DAY, index_wh)
            await store(read, now=NOW)

    assert (len(await stored(short)), len(await stored(long))) == (3, 6)
    assert await charges(short) == await charges(long)
    assert sum(amount for _, amount in await charges(short)) > 120_000_000


async def test_what_was_forgotten_is_held_when_it_comes_again(database: Urls) -> None:
    await make_days(database, OLD)
    place = await place_keeping(365)
    read = make_read(place, await make_register_set(place.company_id), OLD, 2_000)
    await store(read)
    before = await charges(place)
    await forgetting.forget(now=NOW)

    again = await store(read, now=NOW)

    assert again == readings.Stored(new=0, known=0, held=1, conflicting=0)
    assert await charges(place) == before == [(OLD.date(), 4_000_000)]
    assert await stored(place) == []

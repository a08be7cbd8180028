"""Netting takes back slabs as they are charged, wherever it is told from where they count."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from db.enums import SlabPeriod
from domain.ledger.queries import verify
from domain.tariffs.components import Slab, Slabs
from tests.db.month_charges.exporting import NETTED, make_exporting, read
from tests.db.month_charges.world import CHARGED_AT, DAY, ENDS_AT, STARTS_AT, rows, work

SLABS = Slabs(SlabPeriod.MONTH, (Slab(Decimal(100), Decimal(1)), Slab(None, Decimal(5))))
NOON = STARTS_AT + timedelta(hours=12)


async def taken_back() -> dict[str, Decimal]:
    """Return how many kWh are taken back of each slab."""
    told = await rows(
        "select rate, sum(quantity) as kwh from month_charge_line where component = 'Energy'"
        " group by rate"
    )
    return {row["rate"]: row["kwh"] for row in told}


async def test_a_reading_of_the_month_before_moves_what_is_netted_of_slabs(room: None) -> None:
    bought, carried, sold = NETTED.components
    in_slabs = (replace(bought, shape=SLABS), carried, sold)
    place = await make_exporting(replace(NETTED, components=in_slabs))
    # As far as one can tell, a part of the first 120 kWh came in February.
    await read(place, {NOON: (120_000, 0), ENDS_AT: (320_000, 150_000)})
    await work()
    before = await taken_back()

    await read(place, {STARTS_AT - 2 * DAY: (120_000, 0)}, now=CHARGED_AT)
    posted = await work()

    assert before == {"1": Decimal("-36.666"), "2": Decimal("-113.334")}
    assert posted == 1
    # Of 200 kWh, 100 were charged in either slab.
    assert await taken_back() == {"1": Decimal(-50), "2": Decimal(-100)}
    assert await verify() == []


async def test_a_reading_that_charges_no_month_again_is_no_news(room: None) -> None:
    place = await make_exporting()
    await read(place, {STARTS_AT: (0, 0), ENDS_AT: (320_000, 150_000)})
    await work()

    await read(place, {ENDS_AT + 2 * DAY: (330_000, 150_000)})

    assert await rows("select * from month_due") == []

"""Several channels of a load profile tell of the same time, and not in the same intervals."""

from itertools import permutations

import pytest

from tests.db.load_profiles.test_charging import HOUR, START, charged, place_by_bands
from tests.db.load_profiles.told import QUARTER, store, told
from tests.factories import Place, make_read, make_register_set

pytestmark = pytest.mark.usefixtures("connected")

# Of the three readings the second one stands within an interval of the lesser channel, which a
# better one displaces beyond that reading. T2 ends before it, at ten in the evening.
AMID = START + 2.5 * HOUR
END = START + 4 * HOUR
# Of 120, a few that begin with each piece.
ORDERS_LEFT_OUT = 11
ORDERS = list(permutations(("hours", "quarter", "first", "second", "third")))


async def add(place: Place, registers: int, *names: str) -> None:
    """Store some of what a meter tells, in one go."""
    profile = {
        "hours": told(place, START + QUARTER, 700, 400, 500, 300, period=HOUR),
        "quarter": told(place, AMID + QUARTER, 40, channel="1.29.0"),
    }
    reads = {
        "first": make_read(place, registers, START, 3),
        "second": make_read(place, registers, AMID, 1603),
        "third": make_read(place, registers, END, 2403),
    }
    await store(
        [one for name in names for one in profile.get(name, ())],
        [reads[name] for name in names if name in reads],
    )


@pytest.mark.parametrize("order", ORDERS[::ORDERS_LEFT_OUT], ids="-".join)
async def test_channels_that_cross_each_other_charge_the_same_in_any_order(
    order: tuple[str, ...],
) -> None:
    at_once, bit_by_bit = await place_by_bands(), await place_by_bands()
    await add(at_once, await make_register_set(at_once.company_id), *order)
    registers = await make_register_set(bit_by_bit.company_id)

    for name in order:
        await add(bit_by_bit, registers, name)

    assert await charged(bit_by_bit) == await charged(at_once)

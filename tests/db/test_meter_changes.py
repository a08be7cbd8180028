"""What a meter is may change as long as nothing that was charged changes its meaning."""

from typing import Any

import pytest

from db import access
from domain.billing.registers import DigitsTooFew, RegisterRolledOver
from domain.hierarchy import meters
from domain.refusals import InvalidValue
from tests.factories import Place, make_place

pytestmark = pytest.mark.usefixtures("connected")

KWH = 1_000


async def update(place: Place, **changes: Any) -> None:
    await meters.update(
        company_id=place.company_id,
        meter_id=place.supplies[0].meter_id,
        expected_version=1,
        changes=changes,
    )


async def billed(place: Place, index_wh: int) -> None:
    async with access.system() as connection:
        await connection.execute(
            "update billing_state set billed_index_wh = $2 where company_id = $1",
            place.company_id,
            index_wh,
        )


async def state(place: Place) -> tuple[int, int, int, int]:
    async with access.tenant(place.company_id) as connection:
        row = await connection.fetchrow(
            "select m.register_digits, s.register_range_wh, m.power_w_max, s.power_w_max"
            " from meter m join billing_state s on s.company_id = m.company_id"
            " and s.meter_id = m.id where m.company_id = $1",
            place.company_id,
        )
    assert row is not None
    return tuple(row)


async def test_billing_follows_the_digits_and_the_power() -> None:
    place = await make_place()
    await billed(place, 999_999 * KWH)

    await update(place, register_digits=8, power_w_max=12_345)

    assert await state(place) == (8, 10**8 * KWH, 12_345, 12_345)


async def test_digits_that_the_register_has_outgrown_are_refused() -> None:
    place = await make_place()
    await billed(place, 100_000 * KWH)

    with pytest.raises(DigitsTooFew) as refused:
        await update(place, register_digits=5)

    assert refused.value.facts == {"shown_kwh": 100_000}
    assert await state(place) == (6, 10**6 * KWH, 70_000, 70_000)


async def test_digits_of_a_register_that_rolled_over_are_refused() -> None:
    place = await make_place()
    await billed(place, 10**6 * KWH)

    with pytest.raises(RegisterRolledOver):
        await update(place, register_digits=7)

    assert await state(place) == (6, 10**6 * KWH, 70_000, 70_000)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        pytest.param("register_digits", 3, id="too few digits"),
        pytest.param("register_digits", 13, id="too many digits"),
        pytest.param("power_w_max", 0, id="no power"),
        pytest.param("clock_rule", "Mars/Olympus", id="no zone"),
        pytest.param("clock_rule", "+3 hours", id="no offset"),
        pytest.param("relay", "MAGIC", id="no relay"),
        pytest.param("serial", "s" * 65, id="long serial"),
    ],
)
async def test_what_no_meter_is_is_refused(column: str, value: object) -> None:
    place = await make_place()

    with pytest.raises(InvalidValue) as refused:
        await update(place, **{column: value})

    assert refused.value.path == (column,)
    assert await state(place) == (6, 10**6 * KWH, 70_000, 70_000)

"""Which demand a month is charged for: the highest one that its readings tell of."""

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.tariffs.components import Version
from tests.db.month_charges.world import (
    DEMAND,
    ENDS_AT,
    ENERGY,
    STARTS_AT,
    add_factory,
    charged,
    make_monthly,
    read,
    value,
    verdict,
    work,
)

HOUR = timedelta(hours=1)
ONLY_DEMAND = Version(components=(ENERGY, DEMAND))


async def test_transformers_multiply_what_is_charged(room: None) -> None:
    place = await make_monthly(accounts=0)
    supply = await add_factory(place, multiplier=Decimal("40.5"))
    await read(
        place,
        {
            STARTS_AT: (0, 0, 0, 90_000),
            STARTS_AT + HOUR: (0, 0, 0, 1_000),
            ENDS_AT: (10_000, 3_000, 0, 2_000),
        },
        supply,
    )

    await work()

    told = await verdict(place)
    assert (told["active_wh"], told["inductive_varh"]) == (405_000, 121_500)
    # 81 kW x 10 and 121.5 kvarh x 0.5.
    assert await charged(place) == Decimal("870.75")


@pytest.mark.parametrize(
    ("shown", "kw"),
    [
        pytest.param([(0, 90), (1, 20), (300, 50), (672, 50)], 50, id="reset at the month's turn"),
        pytest.param([(0, 0), (300, 50), (672, 50)], 50, id="grown"),
        pytest.param([(0, 90), (300, 20), (301, 95), (302, 3), (672, 3)], 95, id="reset twice"),
        pytest.param([(0, 90), (672, 90)], None, id="as before"),
        pytest.param([(-2, 10), (2, 50), (672, 50)], None, id="grown around the beginning"),
        pytest.param([(0, 10), (300, 50)], None, id="not read to the end"),
        pytest.param([(1, 50), (672, 50)], None, id="nothing known before"),
        pytest.param([(0, 90), (1, 0), (672, 0)], 0, id="nothing used"),
    ],
)
async def test_a_peak_counts_that_came_within_the_month(
    room: None, shown: list[tuple[int, int]], kw: int | None
) -> None:
    place = await make_monthly(version=ONLY_DEMAND)
    await read(
        place,
        {
            STARTS_AT + hours * HOUR: (max(hours, 0), None, None, peak * 1000)
            for hours, peak in shown
        },
    )

    await work()

    assert await charged(place) == (kw or 0) * 10
    told = await value("select (peaks_w ->> '1.6.0')::int8 from month_verdict")
    assert told == (None if kw is None else kw * 1000)

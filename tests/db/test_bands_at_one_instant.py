"""Bands of meters of which two indexes are known at one instant: the higher one counts."""

from datetime import date, timedelta

import pytest

from domain.ledger.queries import verify
from domain.readings.batch import Read
from tests.db.stored_readings import fetch, store
from tests.db.test_read_bands import START, TOTAL_AND_BANDS, banded_place, charged, whole
from tests.factories import make_read, make_register_set

pytestmark = pytest.mark.usefixtures("connected")


@pytest.mark.usefixtures("room")
async def test_bands_are_told_at_an_instant_at_which_less_of_the_total_was_known() -> None:
    place = await banded_place(begins=1, changes=90)
    total = await make_register_set(place.company_id)
    bands = await make_register_set(place.company_id, TOTAL_AND_BANDS)

    def read(hours: int, *shown: int) -> Read:
        at = START + timedelta(hours=hours)
        its = total if len(shown) == 1 else bands
        return make_read(place, its, at, shown[0], values=list(shown))

    now = START + timedelta(days=3)
    await store([read(2, 0, 0, 0, 0, 0), read(20, 9_000)], now=now)
    await store([read(40, 20_000, 6_000, 6_000, 8_000, 0)], now=now)

    recalled = read(20, 9_400, 2_000, 3_400, 4_000, 0)._replace(is_recalled=True)
    stored = await store([recalled], now=now)

    assert (stored.new, stored.held) == (1, 0)
    assert await fetch("select sum(energy_wh) from accrual") == [{"sum": 20_000}]
    # Each band comes evenly between readings: 13:47 of the first 18 hours are of the first day.
    days = (date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1))
    made = dict(zip(days, (26_360_040, 41_414_760, 385_200), strict=True))
    assert await charged(place) == await whole(place) == (made, set())
    assert await verify() == []

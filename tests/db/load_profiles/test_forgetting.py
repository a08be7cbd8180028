"""Load profiles past their company's retention go."""

import asyncio
from datetime import date, datetime, timedelta

import pytest

from db.settings import Urls
from domain.companies import settings
from domain.profiles import forgetting
from domain.profiles.forgetting import Forgotten
from tests.db.kept_readings import make_days
from tests.db.load_profiles.told import store, stored, told
from tests.db.stored_readings import fetch
from tests.factories import NOW, Place, make_place

DAY = timedelta(days=1)
# At noon, 200 days back, is the first day of which a company that keeps so many keeps anything.
OLD, KEPT = NOW - 201 * DAY, NOW - 200 * DAY

pytestmark = pytest.mark.usefixtures("connected")


async def place_keeping(days: int) -> Place:
    place = await make_place(opened_at=NOW - 300 * DAY)
    await settings.update(
        company_id=place.company_id,
        expected_version=1,
        changes={"profile_retention_days": days},
    )
    return place


async def days_there(until: datetime = KEPT) -> list[date]:
    rows = await fetch(f"select day from ({forgetting.DAYS}) d where day < $1 order by 1", until)
    return [row["day"] for row in rows]


async def keep(place: Place, *days: datetime) -> None:
    for at in days:
        await store(told(place, at, 10), now=at + DAY)


async def test_only_what_a_company_no_longer_keeps_goes(database: Urls) -> None:
    await make_days(database, OLD, KEPT)
    short, long = await place_keeping(200), await place_keeping(3_650)
    for place in (short, long):
        await keep(place, OLD, KEPT)

    forgotten = await forgetting.forget(now=NOW)

    assert forgotten == Forgotten(intervals=1)
    assert await stored(short) == [(KEPT, 10)]
    assert await stored(long) == [(OLD, 10), (KEPT, 10)]


async def test_a_day_that_nobody_keeps_is_dropped_whole(database: Urls) -> None:
    await make_days(database, OLD, KEPT)
    places = [await place_keeping(200), await place_keeping(200)]
    for place in places:
        await keep(place, OLD, KEPT)

    forgotten = await forgetting.forget(now=NOW)

    assert forgotten == Forgotten(days=1)
    assert await days_there() == []
    for place in places:
        assert await stored(place) == [(KEPT, 10)]


async def test_forgetting_again_or_twice_at_once_changes_nothing_more(database: Urls) -> None:
    await make_days(database, OLD)
    short, long = await place_keeping(200), await place_keeping(3_650)
    for place in (short, long):
        await keep(place, OLD)

    both = await asyncio.gather(forgetting.forget(now=NOW), forgetting.forget(now=NOW))
    again = await forgetting.forget(now=NOW)

    assert sum(one.intervals for one in both) == 1
    assert again == Forgotten()
    assert await stored(short) == []
    assert await stored(long) == [(OLD, 10)]


async def test_days_that_would_be_made_again_are_emptied(database: Urls) -> None:
    just_old = NOW - 95 * DAY
    await make_days(database, just_old)
    place = await place_keeping(90)
    await keep(place, just_old)

    forgotten = await forgetting.forget(now=NOW)

    assert forgotten == Forgotten(intervals=1)
    assert await stored(place) == []
    assert just_old.date() in await days_there(NOW - 90 * DAY)


async def test_what_waited_for_a_decision_goes_by_its_receipt() -> None:
    place = await place_keeping(90)
    await store(told(place, NOW, 10))
    await store([*told(place, NOW - DAY, 10), *told(place, NOW - DAY, 20)])

    early = await forgetting.forget(now=NOW + 90 * DAY)
    late = await forgetting.forget(now=NOW + 90 * DAY + timedelta(seconds=1))

    assert (early.reviewed, late.reviewed) == (0, 2)
    assert await stored(place, "held_interval") == []
    assert await stored(place, "interval_conflict") == []

"""RF modules tell nothing but readings: that those come is their synchronisation."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from db import access
from db.enums import Health
from domain.hierarchy import health, synchronisations
from domain.hierarchy.rules import health as judged
from domain.listing import Wall
from tests.factories import NOW, Place, make_place

pytestmark = pytest.mark.usefixtures("connected")

PERIOD = timedelta(seconds=900)
DAY = timedelta(days=1)


async def read(place: Place, at: datetime) -> None:
    """Let the place's meter have been read last at some time."""
    async with access.system() as connection:
        await connection.execute("delete from meter_latest where company_id = $1", place.company_id)
        await connection.execute(
            "insert into meter_latest (company_id, meter_id, register_set_id, ts, batch, values)"
            " values ($1, $2, 1, $3, 1, '{1}')",
            place.company_id,
            place.supplies[0].meter_id,
            at,
        )


async def records(place: Place) -> list[tuple[Any, ...]]:
    async with access.tenant(place.company_id) as connection:
        rows = await connection.fetch(
            "select at, kind, outcome from synchronisation"
            " where company_id = $1 and rf_module_id = $2 order by at, id",
            place.company_id,
            place.rf_module_id,
        )
    return [tuple(row) for row in rows]


async def last(place: Place) -> tuple[Any, ...]:
    """Return when the RF module was synchronised last, and how that ended."""
    async with access.tenant(place.company_id) as connection:
        row = await connection.fetchrow(
            "select last_synchronised_at, synchronisation_outcome from rf_module"
            " where company_id = $1 and id = $2",
            place.company_id,
            place.rf_module_id,
        )
    return tuple(row or ())


async def state(place: Place, now: datetime) -> Health:
    wall = Wall(lambda _: "true", {"company": place.company_id, "now": now})
    async with access.tenant(place.company_id) as connection:
        facts = await health.facts(connection, "rf_module", [place.rf_module_id], wall=wall)
    return judged(facts[place.rf_module_id], now=now)


async def test_the_first_contact_is_recorded() -> None:
    place = await make_place()
    await read(place, NOW)

    await synchronisations.note_silences(now=NOW)

    assert await records(place) == [(NOW, "CONTACT", "SUCCEEDED")]
    assert await last(place) == (NOW, "SUCCEEDED")


async def test_contact_that_goes_on_is_recorded_once_a_day() -> None:
    place = await make_place()
    moments = [NOW, NOW + PERIOD, NOW + DAY - PERIOD, NOW + DAY, NOW + DAY + PERIOD]

    for moment in moments:
        await read(place, moment)
        await synchronisations.note_silences(now=moment)

    assert await records(place) == [
        (NOW, "CONTACT", "SUCCEEDED"),
        (NOW + DAY, "CONTACT", "SUCCEEDED"),
    ]
    assert await last(place) == (NOW + DAY, "SUCCEEDED")


async def test_who_has_not_been_heard_since_is_not_recorded_as_heard() -> None:
    place = await make_place()
    async with access.system() as connection:
        await connection.execute(
            "update rf_module set reading_period_s = 86400 where company_id = $1", place.company_id
        )
    await read(place, NOW)
    await synchronisations.note_silences(now=NOW)

    await synchronisations.note_silences(now=NOW + 2 * DAY)

    assert await records(place) == [(NOW, "CONTACT", "SUCCEEDED")]


async def test_a_silent_module_shows_when_it_was_missed_and_when_it_came_back() -> None:
    place = await make_place()
    later = NOW + PERIOD
    await read(place, NOW - 4 * PERIOD)
    await synchronisations.note_silences(now=NOW)
    missed = await last(place)

    await read(place, later)
    at_once = await state(place, later)
    await synchronisations.note_silences(now=later)

    assert missed == (NOW, "FAILED")
    # Not only once the job has run.
    assert at_once is Health.HEALTHY
    assert await last(place) == (later, "SUCCEEDED")
    assert await records(place) == [(NOW, "CONTACT", "FAILED"), (later, "CONTACT", "SUCCEEDED")]

"""Readings and intervals that wait for a person, as a person sees them."""

from datetime import timedelta
from typing import Any

import pytest

from db import access
from db.enums import Role
from domain.readings import operations as readings
from tests.api.web import User, Web
from tests.db.load_profiles.told import QUARTER, store, told
from tests.factories import NOW, Place, make_read, make_register_set

HOUR = timedelta(hours=1)
HELD_READINGS = """
query ($where: HeldReadingWhereInput) {
  heldReadings(where: $where) {
    totalCount
    nodes { readAt rule meter { serial } registers { obis quantity { value unit } } }
  }
}
"""
CONFLICTS = """
{
  readingConflicts { nodes { readAt meter { serial } registers { quantity { value } } } }
  intervalConflicts {
    nodes { channel startsAt endsAt isIndex status value { value unit side } meter { serial } }
  }
}
"""
HELD_INTERVALS = """
{
  heldIntervals(where: {rule: {eq: TOO_OLD}}) {
    nodes { channel startsAt endsAt rule detail isIndex value { value unit } }
  }
}
"""


@pytest.fixture
async def serial(place: Place) -> str:
    """Return the meter of which there is a reading, and another one that fell since."""
    registers = await make_register_set(place.company_id)
    reads = [
        make_read(place, registers, NOW - HOUR, 5_000),
        make_read(place, registers, NOW, 4_000),
        make_read(place, registers, NOW - HOUR, 5_001),
    ]
    for read in reads:
        async with access.system() as connection:
            await readings.store(connection, [read], now=NOW)
    return place.supplies[0].serial


async def test_what_a_rule_keeps_out_is_listed_with_its_values(
    web: Web, administrator: User, serial: str
) -> None:
    answer = await web.ask(HELD_READINGS, administrator)

    held = {
        "readAt": "2026-03-18T12:00:00+00:00",
        "rule": "NEGATIVE_CONSUMPTION",
        "meter": {"serial": serial},
        "registers": [{"obis": "1.8.0", "quantity": {"value": "4000", "unit": "Wh"}}],
    }
    assert answer.data["heldReadings"] == {"totalCount": 1, "nodes": [held]}


async def test_what_is_held_is_asked_for_by_its_rule(
    web: Web, administrator: User, serial: str
) -> None:
    found = [
        (await web.ask(HELD_READINGS, administrator, where={"rule": {"eq": rule}})).data[
            "heldReadings"
        ]["totalCount"]
        for rule in ("NEGATIVE_CONSUMPTION", "FUTURE")
    ]

    assert found == [1, 0]


async def test_what_says_otherwise_is_listed_beside_what_stands(
    web: Web, administrator: User, place: Place, serial: str
) -> None:
    await store(told(place, NOW - HOUR, 10.5))
    await store(told(place, NOW - HOUR, 11.25))

    data: dict[str, Any] = (await web.ask(CONFLICTS, administrator)).data

    assert data["readingConflicts"]["nodes"] == [
        {
            "readAt": "2026-03-18T11:00:00+00:00",
            "meter": {"serial": serial},
            "registers": [{"quantity": {"value": "5001"}}],
        }
    ]
    assert data["intervalConflicts"]["nodes"] == [
        {
            "channel": "1.5.0",
            "startsAt": "2026-03-18T11:00:00+00:00",
            "endsAt": "2026-03-18T11:15:00+00:00",
            "isIndex": False,
            "status": "00",
            "value": {"value": "11.25", "unit": "Wh", "side": "SECONDARY"},
            "meter": {"serial": serial},
        }
    ]


async def test_intervals_that_came_too_late_are_listed_with_the_reason(
    web: Web, administrator: User, place: Place
) -> None:
    await store(told(place, NOW - timedelta(days=91), 10.5, period=QUARTER))

    answer = await web.ask(HELD_INTERVALS, administrator)

    assert answer.data["heldIntervals"]["nodes"] == [
        {
            "channel": "1.5.0",
            "startsAt": "2025-12-17T12:00:00+00:00",
            "endsAt": "2025-12-17T12:15:00+00:00",
            "rule": "TOO_OLD",
            "detail": "older than ninety days",
            "isIndex": False,
            "value": {"value": "10.5", "unit": "Wh"},
        }
    ]


async def test_subscribers_see_nothing_that_is_not_decided(
    web: Web, place: Place, serial: str
) -> None:
    subscriber = await web.user(
        place.company_id, role=Role.SUBSCRIBER, subscriber_id=place.subscriber_id
    )

    answer = await web.ask(HELD_READINGS, subscriber)

    assert answer.data["heldReadings"] == {"totalCount": 0, "nodes": []}

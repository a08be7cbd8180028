"""Load profiles through GraphQL: intervals, hours and days, what is missing, and sum checks."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from api.errors import TooComplex
from api.profile_spans import profile_series_of
from api.spans import Resolution, Span
from db import access
from db.enums import ProfileKind, Role, Scope
from db.ids import UserId
from domain.identity import own_roles
from domain.identity.rules import Giver
from domain.identity.rules import Place as Confinement
from domain.listing import no_wall
from tests.api.reading_series import HOUR, meter, span
from tests.api.web import User, Web
from tests.db.load_profiles.told import QUARTER, store, told
from tests.factories import NOW, OPENED_AT, Place, make_place, make_read, make_register_set

PROFILE = """
query ($id: ID!, $range: TimeRangeInput!, $resolution: Resolution! = RAW, $channel: String) {
  node(id: $id) { ... on Meter {
    loadProfile(range: $range, resolution: $resolution, channel: $channel) {
      resolution timeZone
      buckets { start end energy { value unit side } isComplete }
      missing { start end }
    }
  } }
}
"""
SUM_CHECKS = """
query ($id: ID!, $range: TimeRangeInput!) {
  node(id: $id) { ... on Meter {
    sumChecks(range: $range) { rule start end registerEnergy profileEnergy }
  } }
}
"""
START = NOW - 6 * HOUR


async def profile(web: Web, user: User, place: Place, **arguments: Any) -> dict[str, Any]:
    answer = await web.ask(PROFILE, user, id=meter(place), **arguments)
    found: dict[str, Any] = answer.data["node"]["loadProfile"]
    return found


def told_in(found: dict[str, Any]) -> list[tuple[float, str | None, bool]]:
    """Return the hours after the start at which buckets begin, their energy, and if all is told."""
    return [
        (
            (datetime.fromisoformat(one["start"]) - START) / HOUR,
            one["energy"] and one["energy"]["value"],
            one["isComplete"],
        )
        for one in found["buckets"]
    ]


def missing_in(found: dict[str, Any]) -> list[tuple[float, float]]:
    instants = [
        [(datetime.fromisoformat(one[edge]) - START) / HOUR for edge in ("start", "end")]
        for one in found["missing"]
    ]
    return [(start, end) for start, end in instants]


async def test_a_profile_is_one_series_with_its_gaps(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    await store(told(place, START, 10, 20) + told(place, START + HOUR, 30.5))

    found = await profile(web, user, place, range=span(START, START + 2 * HOUR))

    assert (found["resolution"], found["timeZone"]) == ("RAW", "Europe/Istanbul")
    assert told_in(found) == [(0, "10", True), (0.25, "20", True), (1, "30.5", True)]
    assert found["buckets"][0]["energy"] == {"value": "10", "unit": "Wh", "side": "SECONDARY"}
    assert missing_in(found) == [(0.5, 1), (1.25, 2)]


async def test_hours_are_sums_that_say_whether_they_are_complete(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    await store(told(place, START, 1, 2, 3, 4, 5, 6))

    found = await profile(web, user, place, range=span(START, START + 3 * HOUR), resolution="HOUR")

    assert told_in(found) == [(0, "10", True), (1, "11", False), (2, None, False)]
    assert missing_in(found) == [(1.5, 3)]


async def test_what_is_still_to_come_is_not_missing(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    await store(told(place, NOW - HOUR, 1, 2, 3, 4))

    found = await profile(web, user, place, range=span(NOW - HOUR, NOW + HOUR))
    later = await profile(web, user, place, range=span(NOW + HOUR, NOW + 2 * HOUR))

    assert found["missing"] == later["missing"] == []


@pytest.mark.usefixtures("room")
async def test_a_day_of_23_hours_is_one_bucket(web: Web) -> None:
    place = await make_place(opened_at=datetime.fromisoformat("2026-03-01T00:00:00Z"))
    user = await web.user(place.company_id)
    # Chicago's clocks went forward on the eighth of March.
    start = datetime.fromisoformat("2026-03-08T00:00:00-06:00")
    hours = 23
    await store(told(place, start, *[1] * hours * 4))

    around = span(start, start + (hours + 24) * HOUR, timeZone="America/Chicago")
    found = await profile(web, user, place, range=around, resolution="DAY")

    first, second = found["buckets"]
    assert (first["energy"]["value"], first["isComplete"]) == ("92", True)
    assert (second["energy"], second["isComplete"]) == (None, False)


async def test_a_channel_may_be_named(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    exported = told(place, START, 7, channel="2.29.0", kind=ProfileKind.ENERGY)
    reactive = [one._replace(unit="varh") for one in told(place, START, 5, channel="5.5.0")]
    await store(told(place, START, 10) + exported + reactive)

    units = {}
    for channel in (None, "2.29.0", "5.5.0", "9.9.9"):
        found = await profile(web, user, place, range=span(START, START + QUARTER), channel=channel)
        units[channel] = [one["energy"] for one in found["buckets"]]

    assert units == {
        None: [{"value": "10", "unit": "Wh", "side": "SECONDARY"}],
        "2.29.0": [{"value": "7", "unit": "Wh", "side": "SECONDARY"}],
        "5.5.0": [{"value": "5", "unit": "varh", "side": "SECONDARY"}],
        "9.9.9": [],
    }


@pytest.mark.usefixtures("room")
async def test_a_thousand_intervals_are_told_and_one_more_is_not(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    start = NOW - 1001 * QUARTER
    await store(told(place, start, *range(1001)))

    enough = await profile(web, user, place, range=span(start + QUARTER, NOW))
    too_many = await web.ask(PROFILE, user, id=meter(place), range=span(start, NOW))

    assert len(enough["buckets"]) == 1000
    assert too_many.errors == [("BAD_USER_INPUT", ["node", "loadProfile"])]
    assert too_many.body["errors"][0]["extensions"]["argument"] == "range"


async def test_ten_meters_are_told_a_thousand_hours_each_and_no_eleventh(web: Web) -> None:
    place = await make_place()
    wall = no_wall(company_id=place.company_id, now=NOW)
    hours = Span(NOW - 1000 * HOUR, NOW, "UTC", Resolution.HOUR)

    async with access.reading(place.company_id) as connection:
        found = await profile_series_of(connection, range(1, 11), hours, None, now=NOW, wall=wall)
        with pytest.raises(TooComplex, match="11000 buckets are asked for; at most 10000 may be"):
            await profile_series_of(connection, range(1, 12), hours, None, now=NOW, wall=wall)

    assert [len(series.buckets) for series in found.values()] == [1000] * 10


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        pytest.param(PROFILE, {"range": span(NOW, NOW)}, id="nothing"),
        pytest.param(
            PROFILE, {"range": span(NOW - 1001 * HOUR, NOW), "resolution": "HOUR"}, id="buckets"
        ),
        pytest.param(SUM_CHECKS, {"range": span(NOW, NOW - HOUR)}, id="backwards"),
        pytest.param(SUM_CHECKS, {"range": span(NOW - 745 * HOUR, NOW)}, id="more than 31 days"),
    ],
)
async def test_a_range_that_is_none_or_too_long_is_named(
    web: Web, text: str, arguments: dict[str, Any]
) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    answer = await web.ask(text, user, id=meter(place), **arguments)

    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.body["errors"][0]["extensions"]["argument"] == "range"


async def sum_checks(web: Web, user: User, place: Place) -> list[dict[str, Any]]:
    answer = await web.ask(SUM_CHECKS, user, id=meter(place), range=span(START, NOW))
    found: list[dict[str, Any]] = answer.data["node"]["sumChecks"]
    return found


async def test_a_profile_that_does_not_add_up_is_told_and_not_charged(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    registers = await make_register_set(place.company_id)
    shown = ((START, 3), (START + HOUR, 1003), (START + 2 * HOUR, 2004), (START + 3 * HOUR, 3005))
    # The first hour adds up, of the second it tells less, and of the third not all.
    await store(
        told(place, START, *[250] * 4, *[200] * 4, *[200] * 2),
        [make_read(place, registers, at, wh) for at, wh in shown],
    )

    found = await sum_checks(web, user, place)

    assert found == [
        {
            "rule": "SUM_CHECK",
            "start": (START + HOUR).isoformat(),
            "end": (START + 2 * HOUR).isoformat(),
            "registerEnergy": "1.001",
            "profileEnergy": "0.800",
        }
    ]


async def test_who_may_not_see_readings_sees_no_profile(web: Web) -> None:
    place = await make_place()
    role_id = await own_roles.create(
        company_id=place.company_id,
        name="Fitter",
        description=None,
        scopes=[Scope.METERS_READ],
        giver=Giver(user_id=UserId(1), scopes=frozenset(Scope), place=Confinement()),
    )
    user = await web.user(place.company_id, role_id=role_id)
    await store(told(place, START, 10))

    answer = await web.ask(PROFILE, user, id=meter(place), range=span(START, NOW))
    checks = await web.ask(SUM_CHECKS, user, id=meter(place), range=span(START, NOW))

    assert answer.body["data"]["node"] == {"loadProfile": None}
    assert checks.body["data"]["node"] == {"sumChecks": None}
    assert answer.codes == checks.codes == ["FORBIDDEN"]


async def test_a_subscriber_sees_the_profile_of_their_own_time(web: Web) -> None:
    place = await make_place(opened_at=START + timedelta(minutes=15))
    user = await web.user(place.company_id, role=Role.SUBSCRIBER, subscriber_id=place.subscriber_id)
    await store(told(place, START, 10, 20, 30))

    found = await profile(web, user, place, range=span(START, NOW))

    assert OPENED_AT < START
    assert told_in(found) == [(0.25, "20", True), (0.5, "30", True)]

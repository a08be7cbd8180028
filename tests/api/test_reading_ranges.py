"""Which ranges of readings may be asked for: how long, how many, and how they are named."""

from datetime import timedelta

import pytest

from tests.api.reading_series import HOUR, SERIES, meter, series, span, store
from tests.api.web import Web
from tests.factories import NOW, make_place, make_read, make_register_set


@pytest.mark.parametrize(
    ("range", "resolution"),
    [
        pytest.param(span(NOW, NOW), "RAW", id="nothing"),
        pytest.param(span(NOW, NOW - HOUR), "DAY", id="backwards"),
        pytest.param(span(NOW - 1001 * HOUR, NOW), "HOUR", id="too many hours"),
        pytest.param(span(NOW - timedelta(days=1001), NOW), "DAY", id="too many days"),
    ],
)
async def test_a_range_that_is_none_or_too_long_is_named(
    web: Web, range: dict[str, str], resolution: str
) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    answer = await web.ask(SERIES, user, id=meter(place), range=range, resolution=resolution)

    assert answer.errors == [("BAD_USER_INPUT", ["node", "readings"])]
    assert answer.body["errors"][0]["extensions"]["argument"] == "range"


async def test_a_thousand_buckets_are_taken(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    found = await series(
        web, user, meter(place), range=span(NOW - 1000 * HOUR, NOW), resolution="HOUR"
    )

    assert len(found["buckets"]) == 1000


async def test_a_thousand_readings_are_taken_and_one_more_is_not(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    register_set_id = await make_register_set(place.company_id)
    minute = timedelta(minutes=1)
    start = NOW - 1001 * minute
    await store(make_read(place, register_set_id, start + n * minute, n) for n in range(1001))

    enough = await series(web, user, meter(place), range=span(start + minute, NOW))
    too_many = await web.ask(SERIES, user, id=meter(place), range=span(start, NOW))

    assert len(enough["readings"]) == 1000
    assert too_many.errors == [("BAD_USER_INPUT", ["node", "readings"])]
    assert too_many.body["errors"][0]["extensions"]["argument"] == "range"


async def test_a_range_of_many_meters_is_shorter(web: Web) -> None:
    place = await make_place(meters=11)
    user = await web.user(place.company_id)
    text = """
        query ($range: TimeRangeInput!) {
            meters(first: 11) { nodes { readings(range: $range, resolution: HOUR) { timeZone } } }
        }
    """

    answer = await web.ask(text, user, range=span(NOW - 1000 * HOUR, NOW))

    assert set(answer.codes) == {"QUERY_TOO_COMPLEX"}


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("2026-03-18T00:00:00", id="without an offset"),
        pytest.param("2026-03-18", id="a date"),
        pytest.param("yesterday", id="a word"),
        pytest.param(1773792000, id="a number"),
        pytest.param("0001-01-01T00:00:00+14:00", id="before the beginning"),
        pytest.param("0001-01-01T12:00:00Z", id="at the beginning"),
        pytest.param("9999-12-31T23:00:00Z", id="at the end"),
    ],
)
async def test_what_is_no_moment_with_an_offset_is_bad_input(web: Web, moment: object) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    around = {"from": moment, "to": moment, "timeZone": "America/New_York"}

    answer = await web.ask(SERIES, user, id=meter(place), range=around, resolution="DAY")

    assert set(answer.codes) == {"BAD_USER_INPUT"}
    assert "data" not in answer.body


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "", "x" * 1_000])
async def test_a_zone_that_does_not_exist_is_bad_input(web: Web, zone: str) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    answer = await web.ask(
        SERIES, user, id=meter(place), range=span(NOW - HOUR, NOW, timeZone=zone)
    )

    assert answer.codes == ["BAD_USER_INPUT"]

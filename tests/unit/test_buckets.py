"""Hours and days of a zone, whatever the zone does to them."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.readings.buckets import BucketSize, TooManyBuckets, boundaries

HOUR, DAY = BucketSize.HOUR, BucketSize.DAY
ZONES = ["UTC", "Europe/Istanbul", "Europe/Berlin", "Asia/Kolkata", "Africa/Cairo"]


def local(zone: str, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone))  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        pytest.param("Europe/Berlin", (2026, 3, 29), 23, id="spring"),
        pytest.param("Europe/Berlin", (2026, 6, 1), 24, id="summer"),
        pytest.param("Europe/Berlin", (2026, 10, 25), 25, id="autumn"),
        pytest.param("Africa/Cairo", (2026, 4, 24), 23, id="a day that begins at one"),
        pytest.param("Australia/Lord_Howe", (2026, 4, 5), 24.5, id="half an hour more"),
    ],
)
def test_a_day_is_as_long_as_its_zone_makes_it(
    zone: str, day: tuple[int, int, int], hours: float
) -> None:
    noon = datetime(*day, 12, tzinfo=ZoneInfo(zone))

    start, end = boundaries(
        noon - timedelta(days=2),
        noon + timedelta(days=2),
        size=DAY,
        zone=ZoneInfo(zone),
        buckets_max=9,
    )[2:4]

    assert (end - start) == timedelta(hours=hours)


def test_the_hour_that_is_repeated_is_two_hours() -> None:
    start, end = local("Europe/Berlin", 2026, 10, 25, 1), local("Europe/Berlin", 2026, 10, 25, 4)

    found = boundaries(start, end, size=HOUR, zone=ZoneInfo("Europe/Berlin"), buckets_max=9)

    assert [edge.hour for edge in found] == [23, 0, 1, 2, 3]


def test_buckets_begin_and_end_with_the_span() -> None:
    start = datetime(2026, 3, 18, 10, 20, tzinfo=UTC)

    found = boundaries(
        start, start + timedelta(hours=1), size=HOUR, zone=ZoneInfo("UTC"), buckets_max=2
    )

    assert found == [start, start.replace(hour=11, minute=0), start + timedelta(hours=1)]


def test_one_bucket_too_many_is_refused() -> None:
    start = datetime(2026, 3, 18, tzinfo=UTC)

    with pytest.raises(TooManyBuckets):
        boundaries(
            start, start + timedelta(hours=3), size=HOUR, zone=ZoneInfo("UTC"), buckets_max=2
        )


@given(
    start=st.datetimes(
        min_value=datetime(2025, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        max_value=datetime(2026, 12, 1),  # noqa: DTZ001
        timezones=st.just(ZoneInfo("UTC")),
    ),
    length=st.timedeltas(timedelta(microseconds=1), timedelta(days=20)),
    zone=st.sampled_from(ZONES),
    size=st.sampled_from(BucketSize),
)
def test_buckets_cover_the_span_without_gap_or_overlap(
    start: datetime, length: timedelta, zone: str, size: BucketSize
) -> None:
    found = boundaries(start, start + length, size=size, zone=ZoneInfo(zone), buckets_max=1000)

    assert (found[0], found[-1]) == (start, start + length)
    assert all(earlier < later for earlier, later in pairwise(found))

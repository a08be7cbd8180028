"""Load profiles come in pieces that overlap, repeat and contradict: each interval stands once."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import access
from db.enums import ProfileKind
from db.ids import MeterId
from domain.profiles import operations as profiles
from domain.profiles.operations import INTERVALS_MAX, Stored
from domain.profiles.queries import told_in
from domain.profiles.rules import Told
from tests.db.load_profiles.told import QUARTER, store, stored, told
from tests.db.stored_readings import fetch
from tests.factories import NOW, Place, make_place

START = NOW - timedelta(hours=6)

pytestmark = pytest.mark.usefixtures("connected")


async def stored_now(intervals: list[Told]) -> Stored:
    async with access.system() as connection:
        return await profiles.store(connection, intervals, now=NOW)


async def test_an_interval_is_stored_once_however_often_it_comes(place: Place) -> None:
    piece = told(place, START, 10, 20, 30)

    first = await stored_now([*piece[:2], *piece[:1]])
    second = await stored_now(piece[1:])

    assert first == Stored(new=2, known=1)
    assert second == Stored(new=1, known=1)
    assert await stored(place) == [(START, 10), (START + QUARTER, 20), (START + 2 * QUARTER, 30)]
    assert await stored(place, "interval_conflict") == []


async def test_another_value_is_kept_for_review_and_changes_nothing(place: Place) -> None:
    await stored_now(told(place, START, 10))

    made = await stored_now(told(place, START, 11))
    again = await stored_now(told(place, START, 11))

    assert made == again == Stored(conflicting=1)
    assert await stored(place) == [(START, 10)]
    assert await stored(place, "interval_conflict") == [(START, 11)]


@pytest.mark.parametrize(
    ("offset", "period"),
    [
        pytest.param(timedelta(), timedelta(hours=1), id="another length"),
        pytest.param(timedelta(minutes=7), QUARTER, id="shifted"),
        pytest.param(timedelta(hours=-23), timedelta(hours=24), id="around it"),
        pytest.param(timedelta(minutes=5), timedelta(minutes=5), id="within it"),
    ],
)
async def test_what_overlaps_is_kept_for_review(
    place: Place, offset: timedelta, period: timedelta
) -> None:
    await stored_now(told(place, START, 10))

    made = await stored_now(told(place, START + offset, 10, period=period))

    assert made == Stored(conflicting=1)
    assert await stored(place) == [(START, 10)]
    assert await stored(place, "interval_conflict") == [(START + offset, 10)]


async def test_channels_and_meters_do_not_contradict_each_other() -> None:
    place = await make_place(meters=2)

    made = await stored_now(
        told(place, START, 10) + told(place, START, 11, supply=1)
        + told(place, START, 12, channel="2.5.0")
    )  # fmt: skip

    assert made == Stored(new=3)


@pytest.mark.parametrize(
    ("starts_at", "rule"),
    [
        pytest.param(NOW - timedelta(days=90, minutes=1), "TOO_OLD", id="too old"),
        pytest.param(NOW - timedelta(minutes=9), "FUTURE", id="of the future"),
    ],
)
async def test_what_cannot_be_of_that_time_is_held(
    place: Place, starts_at: datetime, rule: str
) -> None:
    piece = told(place, starts_at, 10)

    made = await stored_now(piece)
    again = await stored_now(piece)

    assert made == again == Stored(held=1)
    assert await stored(place) == []
    rows = await fetch(
        "select rule, value from held_interval where company_id = $1", place.company_id
    )
    assert rows == [{"rule": rule, "value": 10_000}]


async def test_what_is_known_is_not_held_when_it_comes_again_after_ninety_days(
    place: Place,
) -> None:
    piece = told(place, START, 10)
    await stored_now(piece)

    async with access.system() as connection:
        again = await profiles.store(connection, piece, now=NOW + timedelta(days=91))

    assert again == Stored(known=1)
    assert await stored(place, "held_interval") == []


async def test_too_many_at_once_are_refused(place: Place) -> None:
    with pytest.raises(ValueError, match="at most 100000"):
        await stored_now(told(place, START, 1) * (INTERVALS_MAX + 1))

    assert await stored(place) == []


async def test_what_is_new_is_told_in_the_outbox(place: Place) -> None:
    await store(told(place, START, 10, 20))
    await store(told(place, START, 10, 20))

    rows = await fetch(
        "select from_ts, to_ts, meter_ids from outbox where company_id = $1 and topic = 'profiles'",
        place.company_id,
    )
    assert rows == [
        {
            "from_ts": START,
            "to_ts": START + 2 * QUARTER,
            "meter_ids": [place.supplies[0].meter_id],
        }
    ]


async def imported(place: Place) -> list[tuple[object, float]]:
    async with access.system() as connection:
        found = await told_in(
            connection,
            company_id=place.company_id,
            meter_id=MeterId(place.supplies[0].meter_id),
            start=START,
            end=NOW,
        )
    return [((one.starts_at - START) // QUARTER, float(one.energy_wh)) for one in found.imported]


async def test_indexes_tell_the_energy_between_them(place: Place) -> None:
    indexes = told(place, START - QUARTER, 100, 110, 130, channel="1.8.0", kind=ProfileKind.INDEX)
    later = told(place, START + 3 * QUARTER, 170, 165, channel="1.8.0", kind=ProfileKind.INDEX)

    await store(indexes + later)

    # Before the first one, across a gap, and of a register that fell, nothing is known.
    assert await imported(place) == [(0, 10), (1, 20)]


async def test_the_best_channel_tells_an_interval(place: Place) -> None:
    await store(
        told(place, START, 1, 2, channel="1.5.0")
        + told(place, START + QUARTER, 20, 30, channel="1.29.0", kind=ProfileKind.ENERGY)
        + told(place, START, 5, channel="2.29.0", kind=ProfileKind.ENERGY)
    )

    assert await imported(place) == [(0, 1), (1, 20), (2, 30)]


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(pieces=st.lists(st.tuples(st.integers(0, 18), st.integers(1, 6)), min_size=1, max_size=8))
async def test_any_pieces_in_any_order_make_one_series(pieces: list[tuple[int, int]]) -> None:
    place = await make_place()
    known: set[int] = set()
    for first, length in pieces:
        numbers = range(first, first + length)
        known.update(numbers)
        await store(told(place, START + first * QUARTER, *numbers))

    assert await stored(place) == [(START + number * QUARTER, number) for number in sorted(known)]
    assert await stored(place, "interval_conflict") == []

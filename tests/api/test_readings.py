"""What a meter measured: its latest registers, its readings, and the energy of hours and days."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from db import access
from db.enums import Role
from domain import partitions
from domain.accounts import operations as accounts
from tests.api.reading_series import HOUR, SERIES, meter, series, span, store
from tests.api.web import Web
from tests.factories import NOW, add_supply, make_place, make_read, make_register_set

QUARTER = timedelta(minutes=15)
NEW_YORK = ZoneInfo("America/New_York")
LATEST = """
    query ($id: ID!) { node(id: $id) { ... on Meter {
        registers { obis quantity { value unit side } readAt } freshness { asOf isStale ageSeconds }
    } } }
"""


async def test_latest_registers_are_exact_texts_with_their_unit(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    async with access.system() as connection:
        register_set_id = await connection.fetchval(
            "insert into register_set (company_id, obis, scaler, unit) values"
            " ($1, '{1.8.0,14.7.0,2.8.0,32.7.0}', '{0,-2,0,-1}', '{Wh,Hz,Wh,V}') returning id",
            place.company_id,
        )
    at = NOW - timedelta(minutes=20)
    await store([make_read(place, register_set_id, at, 1234, values=[1234, 5001, None, 2304])])

    answer = await web.ask(LATEST, user, id=meter(place))

    read_at = "2026-03-18T11:40:00+00:00"
    assert answer.data["node"] == {
        "registers": [
            {
                "obis": "1.8.0",
                "quantity": {"value": "1234", "unit": "Wh", "side": "SECONDARY"},
                "readAt": read_at,
            },
            {
                "obis": "14.7.0",
                "quantity": {"value": "50.01", "unit": "Hz", "side": None},
                "readAt": read_at,
            },
            {
                "obis": "32.7.0",
                "quantity": {"value": "230.4", "unit": "V", "side": "SECONDARY"},
                "readAt": read_at,
            },
        ],
        "freshness": {"asOf": read_at, "isStale": False, "ageSeconds": 1200},
    }


async def test_a_meter_that_was_never_read_has_no_registers(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    answer = await web.ask(LATEST, user, id=meter(place))

    assert answer.data["node"] == {"registers": [], "freshness": None}


async def test_a_meter_is_stale_after_three_missing_readings(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    register_set_id = await make_register_set(place.company_id)
    await store([make_read(place, register_set_id, NOW - 3 * QUARTER, 1)])

    fresh = await web.ask(LATEST, user, id=meter(place))
    web.clock.move(timedelta(seconds=1))
    stale = await web.ask(LATEST, user, id=meter(place))

    assert fresh.data["node"]["freshness"]["isStale"] is False
    assert stale.data["node"]["freshness"]["isStale"] is True


async def test_readings_are_told_from_the_start_to_before_the_end(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    register_set_id = await make_register_set(place.company_id)
    await store(
        make_read(place, register_set_id, NOW - 4 * HOUR + n * HOUR, 100 * n) for n in range(4)
    )

    found = await series(web, user, meter(place), range=span(NOW - 3 * HOUR, NOW - HOUR))

    assert found["buckets"] is None
    assert [
        (one["readAt"], one["registers"][0]["quantity"]["value"]) for one in found["readings"]
    ] == [
        ("2026-03-18T09:00:00+00:00", "100"),
        ("2026-03-18T10:00:00+00:00", "200"),
    ]
    assert (found["readings"][0]["quality"], found["readings"][0]["timeSource"]) == (
        "ACTUAL",
        "METER",
    )


async def test_hours_add_up_to_what_the_register_gained(web: Web) -> None:
    place = await make_place(time_zone="Asia/Kolkata")
    user = await web.user(place.company_id)
    register_set_id = await make_register_set(place.company_id)
    start = datetime(2026, 3, 18, 4, 30, tzinfo=UTC)
    await store(make_read(place, register_set_id, start + n * QUARTER, 7 * n) for n in range(17))

    found = await series(
        web, user, meter(place), range=span(start, start + 4 * HOUR), resolution="HOUR"
    )

    # An hour in India begins half past an hour of UTC.
    assert found["timeZone"] == "Asia/Kolkata"
    assert found["buckets"] == [
        {
            "start": (start + n * HOUR).isoformat(),
            "end": (start + (n + 1) * HOUR).isoformat(),
            "importEnergy": "0.028",
            "side": "SECONDARY",
            "isComplete": True,
        }
        for n in range(4)
    ]


async def test_an_hour_without_readings_is_no_hour_without_energy(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    register_set_id = await make_register_set(place.company_id)
    start = NOW - 4 * HOUR
    await store(
        make_read(place, register_set_id, start + after, index_wh)
        for after, index_wh in ((0 * HOUR, 0), (HOUR, 10), (3 * HOUR, 40), (4 * HOUR, 40))
    )

    found = await series(web, user, meter(place), range=span(start, NOW), resolution="HOUR")

    assert [(one["importEnergy"], one["isComplete"]) for one in found["buckets"]] == [
        ("0.010", True),
        (None, False),
        ("0.030", False),
        ("0.000", True),
    ]


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param((2026, 3, 8), 23, id="23 hours"),
        pytest.param((2026, 3, 9), 24, id="24 hours"),
        pytest.param((2026, 11, 1), 25, id="25 hours"),
    ],
)
async def test_days_are_the_zones_and_add_up_whatever_their_length(
    web: Web, day: tuple[int, int, int], hours: int
) -> None:
    midnight = datetime(*day, tzinfo=NEW_YORK)
    next_midnight = midnight + timedelta(days=1)
    start, end = midnight.astimezone(UTC), next_midnight.astimezone(UTC)
    await partitions.maintain(now=end)
    place = await make_place(time_zone="America/New_York", opened_at=start - timedelta(days=9))
    web.clock.now = end + timedelta(days=2)
    user = await web.user(place.company_id)
    register_set_id = await make_register_set(place.company_id)
    await store(
        (
            make_read(place, register_set_id, start + n * QUARTER, 1000 + 5 * n)
            for n in range(-8, 4 * hours + 9)
        ),
        now=web.clock(),
    )

    days = await series(web, user, meter(place), range=span(start, end), resolution="DAY")
    hourly = await series(web, user, meter(place), range=span(start, end), resolution="HOUR")

    assert days["buckets"] == [
        {
            "start": start.isoformat(),
            "end": end.isoformat(),
            "importEnergy": f"{20 * hours / 1000:.3f}",
            "side": "SECONDARY",
            "isComplete": True,
        }
    ]
    assert [one["importEnergy"] for one in hourly["buckets"]] == ["0.020"] * hours


async def test_another_zone_may_be_named(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    whole_day = span(NOW - timedelta(days=1), NOW, timeZone="America/New_York")

    found = await series(web, user, meter(place), range=whole_day, resolution="DAY")

    assert [one["start"] for one in found["buckets"]] == [
        "2026-03-17T12:00:00+00:00",
        "2026-03-18T04:00:00+00:00",
    ]


async def test_readings_need_their_scope(web: Web) -> None:
    place = await make_place()
    register_set_id = await make_register_set(place.company_id)
    await store([make_read(place, register_set_id, NOW - HOUR, 1)])

    answer = await web.ask(SERIES, id=meter(place), range=span(NOW - HOUR, NOW))

    assert answer.errors == [("UNAUTHENTICATED", ["node"])]


async def test_a_subscriber_sees_no_readings_of_whoever_was_there_before(web: Web) -> None:
    moved_in_at = NOW - 2 * HOUR
    place = await make_place(meters=0)
    supply = await add_supply(place, with_account=False)
    await accounts.open_account(
        company_id=place.company_id,
        number="tenant",
        subscriber_id=place.subscriber_id,
        premises_id=supply.premises_id,
        tariff_id=place.tariff_id,
        points={supply.point_id: 800},
        opened_at=moved_in_at,
        now=NOW,
    )
    register_set_id = await make_register_set(place.company_id)
    await store(
        make_read(place, register_set_id, NOW - n * HOUR, 1000 - 100 * n) for n in (4, 3, 2, 1)
    )
    subscriber = await web.user(
        place.company_id, Role.SUBSCRIBER, subscriber_id=place.subscriber_id
    )
    administrator = await web.user(place.company_id)
    all_day = span(NOW - 5 * HOUR, NOW)

    own = await series(web, subscriber, meter(place), range=all_day)
    everything = await series(web, administrator, meter(place), range=all_day)
    buckets = await series(web, subscriber, meter(place), range=all_day, resolution="HOUR")

    assert [one["readAt"] for one in own["readings"]] == [
        "2026-03-18T10:00:00+00:00",
        "2026-03-18T11:00:00+00:00",
    ]
    assert len(everything["readings"]) == 4
    assert [one["importEnergy"] for one in buckets["buckets"]] == [None, None, None, "0.100", None]


async def test_a_balance_tells_up_to_when_energy_is_charged(web: Web) -> None:
    place = await make_place(price=Decimal("2.5"))
    user = await web.user(place.company_id)
    register_set_id = await make_register_set(place.company_id)
    await store([make_read(place, register_set_id, NOW - HOUR, 4000)])
    text = """{
        accounts { nodes { segment balance {
            amount currency asOf freshness { isStale ageSeconds }
        } } }
    }"""

    answer = await web.ask(text, user)

    assert answer.data["accounts"]["nodes"] == [
        {
            "segment": "WARNING_LIMIT",
            "balance": {
                "amount": "-10.000000",
                "currency": "TRY",
                "asOf": "2026-03-18T11:00:00+00:00",
                "freshness": {"isStale": True, "ageSeconds": 3600},
            },
        }
    ]

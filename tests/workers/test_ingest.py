"""The drain loop on real frames: decoded, matched, charged."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from db.bell import Bell
from domain.ledger.queries import balance_of
from tests.factories import NOW, Place, account_of, make_place
from tests.workers.readouts import drained, fetch, frames_of, readout, stored_as
from workers.ingest import Drain


@pytest.fixture
async def drain(connected: None, redis_url: str) -> AsyncIterator[Drain]:
    async with Bell(redis_url, "test_ingest") as bell:
        yield Drain(number=0, connections=1, bell=bell, clock=lambda: NOW)


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(price=Decimal("2.5"))


async def test_a_readout_becomes_a_charged_reading(drain: Drain, place: Place) -> None:
    serial = place.supplies[0].serial
    account_id = account_of(place)

    await drained(drain, [frames_of(place, readout(serial, 1_000))])

    assert await balance_of(company_id=place.company_id, account_id=account_id) == Decimal("-2.5")
    assert await fetch('select ts, index_wh, time_source, "values" from reading') == [
        {"ts": NOW, "index_wh": 1_000, "time_source": "METER", "values": [1_000, 7]}
    ]
    assert await fetch("select obis, scaler, unit from register_set") == [
        {"obis": ["1.8.0", "5.8.0"], "scaler": [0, 0], "unit": ["Wh", "varh"]}
    ]
    assert await fetch("select * from pending_frame") == []
    assert await fetch("select * from review_frame") == []


async def test_a_resent_frame_changes_nothing(drain: Drain, place: Place) -> None:
    frame = frames_of(place, readout(place.supplies[0].serial, 1_000))
    await drained(drain, [frame])
    before = await fetch("select * from reading, account_balance, billing_state")

    await drained(drain, [frame])

    assert await fetch("select * from reading, account_balance, billing_state") == before


async def test_a_wrong_check_value_is_not_charged(drain: Drain, place: Place) -> None:
    text = readout(place.supplies[0].serial, 1_000)
    broken = text[:-1] + bytes([text[-1] ^ 1])

    await drained(drain, [frames_of(place, broken)])

    assert await fetch("select status, reason from review_frame") == [
        {"status": "REJECTED", "reason": "WRONG_CHECKSUM"}
    ]
    assert await fetch("select * from reading") == []


async def test_a_clock_out_of_drift_yields_to_the_collectors_date(
    drain: Drain, place: Place
) -> None:
    serial = place.supplies[0].serial
    text = readout(serial, 1_000, at=NOW - timedelta(hours=1))

    await drained(drain, [frames_of(place, text, read_at=NOW - timedelta(minutes=2))])

    assert await fetch("select ts, time_source, meter_at, collector_at from reading") == [
        {
            "ts": NOW - timedelta(minutes=2),
            "time_source": "COLLECTOR",
            "meter_at": NOW - timedelta(hours=1),
            "collector_at": NOW - timedelta(minutes=2),
        }
    ]


async def test_an_undated_resend_takes_the_time_of_its_first_receipt(
    drain: Drain, place: Place
) -> None:
    text = readout(place.supplies[0].serial, 1_000, at=None)
    first = frames_of(place, text, read_at=None, received_at=NOW - timedelta(minutes=3))
    again = stored_as(place, "read", first.reference_id, first.body, received_at=NOW)

    await drained(drain, [first])
    await drained(drain, [again])

    assert await fetch("select ts, time_source from reading") == [
        {"ts": NOW - timedelta(minutes=3), "time_source": "RECEIPT"}
    ]


async def test_a_collector_without_a_calendar_does_not_spoil_the_meters_time(
    drain: Drain, place: Place
) -> None:
    frame = frames_of(place, readout(place.supplies[0].serial, 1_000), read_at=datetime.min)  # noqa: DTZ901 - naive

    await drained(drain, [frame])

    assert await fetch("select ts, time_source, collector_at from reading") == [
        {"ts": NOW, "time_source": "METER", "collector_at": None}
    ]


async def test_a_serial_that_no_meter_can_have_is_refused(drain: Drain, place: Place) -> None:
    frame = frames_of(place, readout("1", 1_000), meter_serial="a\0b")

    await drained(drain, [frame])

    assert await fetch("select status, reason from review_frame") == [
        {"status": "REJECTED", "reason": "BAD_SERIAL"}
    ]

"""The drain loop on real frames: decoded, matched, charged; what cannot be is put into review."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import asyncpg
import pytest

from collectors.base import RawFrame
from collectors.protocols.iec62056_21.build import build_readout
from collectors.protocols.iec62056_21.clock import MeterClock
from collectors.protocols.iec62056_21.registers import Register
from collectors.protocols.mass import build
from collectors.protocols.mass.dialects import STANDARD
from db import access
from db.bell import Bell
from db.ids import FrameId
from db.settings import Urls
from domain.frames import operations as frames
from domain.frames.operations import DIGEST_BYTES, IncomingFrame
from domain.frames.packing import unpack
from domain.hierarchy import meters
from domain.ledger.queries import balance_of
from domain.readings.rules import clock_zone
from tests.factories import NOW, Place, make_place
from workers.ingest import Drain

references = count(1)


def readout(serial: str, index_wh: int, *, at: datetime | None = NOW) -> bytes:
    clock = None
    if at is not None:
        clock = MeterClock(at.astimezone(clock_zone("+03:00")).replace(tzinfo=None), None)
    registers = [Register("1.8.0", index_wh, 0, "Wh", 6), Register("5.8.0", 7, 0, "varh", 6)]
    return build_readout(serial=serial, registers=registers, clock=clock)


def frames_of(
    place: Place,
    text: bytes,
    *,
    meter_serial: str | None = None,
    function: str = "read",
    received_at: datetime = NOW,
    read_at: datetime | None = NOW,
) -> IncomingFrame:
    reference_id = f"ref-{next(references)}"
    sender = build.Sender("WTL", place.collector_serial, STANDARD)
    (message,) = build.readout(
        sender,
        reference_id=reference_id,
        texts=[text.decode("latin-1")],
        meter_serial=meter_serial,
        read_at=read_at,
    )
    return stored_as(place, function, reference_id, message[1:-1], received_at=received_at)


def stored_as(
    place: Place, function: str, reference_id: str, body: bytes, *, received_at: datetime = NOW
) -> IncomingFrame:
    raw = RawFrame.of(function=function, reference_id=reference_id, body=body)
    return IncomingFrame(
        id=FrameId(1_000_000 + next(references)),
        company_id=place.company_id,
        collector_id=place.collector_id,
        received_at=received_at,
        function=function,
        reference_id=reference_id,
        packet=0,
        digest=raw.digest[:DIGEST_BYTES],
        body=body,
        bucket=3,
    )


async def fetch(query: str) -> list[dict[str, Any]]:
    async with access.system() as connection:
        return [dict(row) for row in await connection.fetch(query)]


@pytest.fixture
async def drain(connected: None, redis_url: str) -> AsyncIterator[Drain]:
    async with Bell(redis_url, "test_ingest") as bell:
        yield Drain(number=0, connections=1, bell=bell, clock=lambda: NOW)


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(price=Decimal("2.5"))


async def drained(drain: Drain, incoming: Sequence[IncomingFrame]) -> None:
    await frames.store(incoming)
    while await drain.drain_once():
        pass


async def test_a_readout_becomes_a_charged_reading(drain: Drain, place: Place) -> None:
    serial = place.supplies[0].serial
    account_id = place.supplies[0].account_id
    assert account_id is not None

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


async def test_a_readout_of_an_unknown_meter_waits_until_the_meter_is_there(
    drain: Drain, place: Place
) -> None:
    await drained(drain, [frames_of(place, readout("NEW-1", 1_000))])
    assert await fetch("select status, reason, meter_serial from review_frame") == [
        {"status": "UNMATCHED", "reason": "UNKNOWN_METER", "meter_serial": "NEW-1"}
    ]

    await meters.create(
        company_id=place.company_id,
        rf_module_id=place.rf_module_id,
        serial="NEW-1",
        clock_rule="+03:00",
    )
    await drained(drain, [])

    assert await fetch("select index_wh from reading") == [{"index_wh": 1_000}]
    assert await fetch("select * from review_frame") == []


@pytest.mark.parametrize(
    ("function", "body", "status", "reason"),
    [
        pytest.param("alarm", b'{"function":"alarm"}', "IGNORED", "NO_READINGS", id="alarm"),
        pytest.param("unknown", b"{}", "REJECTED", "UNKNOWN_FUNCTION", id="unknown function"),
        pytest.param("read", b"\x00\xff", "REJECTED", "UNDECODABLE", id="no message"),
    ],
)
async def test_what_gives_no_reading_is_kept_with_its_reason(
    drain: Drain, place: Place, function: str, body: bytes, status: str, reason: str
) -> None:
    await drained(drain, [stored_as(place, function, "r", body)])

    assert await fetch("select status, reason from review_frame") == [
        {"status": status, "reason": reason}
    ]
    (raw,) = await fetch("select body from raw_frame")
    assert unpack(raw["body"]) == body
    assert await fetch("select * from reading") == []


async def test_a_wrong_check_value_is_not_charged(drain: Drain, place: Place) -> None:
    text = readout(place.supplies[0].serial, 1_000)
    broken = text[:-1] + bytes([text[-1] ^ 1])

    await drained(drain, [frames_of(place, broken)])

    assert await fetch("select status, reason from review_frame") == [
        {"status": "REJECTED", "reason": "WRONG_CHECKSUM"}
    ]
    assert await fetch("select * from reading") == []


async def test_one_bad_frame_does_not_stop_the_others(drain: Drain, place: Place) -> None:
    serial = place.supplies[0].serial
    times = [NOW - timedelta(hours=hours) for hours in (3, 2, 1)]
    good = [
        frames_of(place, readout(serial, 1_000 * n, at=at), read_at=at)
        for n, at in enumerate(times, start=1)
    ]

    await drained(drain, [good[0], stored_as(place, "read", "bad", b"{"), *good[1:]])

    assert len(await fetch("select * from reading")) == 3
    assert len(await fetch("select * from review_frame")) == 1


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


async def test_a_frame_that_makes_its_batch_fail_is_found_and_set_aside(
    drain: Drain, place: Place
) -> None:
    serial = place.supplies[0].serial
    good = [frames_of(place, readout(serial, 1_000 * n)) for n in range(1, 4)]
    # No packing of ours: reading it raises, as any mistake of our own would.
    spoilt = frames_of(place, readout(serial, 9_000))
    await frames.store([*good[:2], spoilt, good[2]])
    async with access.system() as connection:
        await connection.execute("update raw_frame set body = '\\x07' where id = $1", spoilt.id)

    while await drain.drain_once():
        pass

    assert await fetch("select frame_id, status, reason from review_frame") == [
        {"frame_id": spoilt.id, "status": "REJECTED", "reason": "FAILED"}
    ]
    assert await fetch("select * from pending_frame") == []
    assert (
        len(await fetch("select * from reading"))
        + len(await fetch("select * from reading_conflict"))
        == 3
    )


async def test_a_missing_partition_leaves_every_frame_in_the_queue(
    drain: Drain, place: Place, database: Urls
) -> None:
    serial = place.supplies[0].serial
    owner = await asyncpg.connect(database.owner)
    await owner.execute(f"drop table reading_{NOW:%Y%m%d}")
    await frames.store([frames_of(place, readout(serial, 1_000 * n)) for n in (1, 2)])

    for _ in range(3):
        with pytest.raises(asyncpg.CheckViolationError, match="no partition"):
            await drain.drain_once()
    waiting = await fetch("select * from pending_frame")
    await owner.execute("select ensure_partitions($1, 1, 1)", NOW)
    await owner.close()
    while await drain.drain_once():
        pass

    assert len(waiting) == 2
    assert await fetch("select * from review_frame") == []
    assert await fetch("select index_wh from reading") == [{"index_wh": 1_000}]


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


async def test_a_frame_that_missed_its_meters_making_is_released_later(
    drain: Drain, place: Place
) -> None:
    await drained(drain, [frames_of(place, readout("NEW-2", 1_000))])
    async with access.system() as connection:
        # As if the meter had been made while the frame was being decoded.
        await connection.execute("update review_frame set meter_serial = 'away'")
    await meters.create(
        company_id=place.company_id,
        rf_module_id=place.rf_module_id,
        serial="NEW-2",
        clock_rule="+03:00",
    )
    async with access.system() as connection:
        await connection.execute("update review_frame set meter_serial = 'NEW-2'")

    released = await frames.release_matchable()
    await drained(drain, [])

    assert released == 1
    assert await fetch("select index_wh from reading") == [{"index_wh": 1_000}]

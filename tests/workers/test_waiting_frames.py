"""Frames that become no reading at once: kept, set aside, or waited with."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import asyncpg
import pytest

from db import access
from db.bell import Bell
from db.settings import Urls
from domain.frames import operations as frames
from domain.frames.packing import unpack
from domain.hierarchy import meters
from tests.factories import NOW, Place, make_place
from tests.workers.readouts import drained, fetch, frames_of, readout, stored_as
from workers.ingest import BATCH_FRAMES_MAX, FAILED_ALONE_MAX, Drain


@pytest.fixture
async def drain(connected: None, redis_url: str) -> AsyncIterator[Drain]:
    async with Bell(redis_url, "test_ingest") as bell:
        yield Drain(number=0, connections=1, bell=bell, clock=lambda: NOW)


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(price=Decimal("2.5"))


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

    # More often than a frame may fail, at last alone, before it is set aside.
    for _ in range(BATCH_FRAMES_MAX.bit_length() + FAILED_ALONE_MAX):
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

"""A frame that fails again and again: others are not to wait for it for ever."""

from collections.abc import AsyncIterator
from zoneinfo import ZoneInfoNotFoundError

import asyncpg
import pytest

from db import access
from db.bell import Bell
from db.settings import Urls
from domain.frames import operations as frames
from tests.factories import NOW, make_place
from tests.workers.readouts import fetch, frames_of, readout
from workers.ingest import BATCH_FRAMES_MAX, FAILED_ALONE_MAX, Drain

# As when a statement takes too long, but at once.
CUT_OFF = """
    create function cut_off() returns trigger language plpgsql as $$
    begin
        raise 'canceling statement due to statement timeout' using errcode = 'query_canceled';
    end $$;
    create trigger cut_off before insert on reading for each row when (new.frame_id = {frame_id})
        execute function cut_off();
"""
# Batches come down to one frame, and that one fails as often as it may.
FAILURES_BORNE = BATCH_FRAMES_MAX.bit_length() - 1 + FAILED_ALONE_MAX - 1
# What no clock knows, and no operation of ours writes.
NOWHERE = "update meter set clock_rule = 'Nowhere/At_All' where company_id = $1"


@pytest.fixture
async def drain(connected: None, redis_url: str) -> AsyncIterator[Drain]:
    async with Bell(redis_url, "test_failing_frames") as bell:
        yield Drain(number=0, connections=1, bell=bell, clock=lambda: NOW)


async def cut_off(database: Urls, frame_id: int) -> None:
    owner = await asyncpg.connect(database.owner)
    await owner.execute(CUT_OFF.format(frame_id=frame_id))
    await owner.close()


async def failures(drain: Drain) -> int:
    """Drain until nothing waits; return how often that failed."""
    failed = 0
    while True:
        try:
            if not await drain.drain_once():
                return failed
        except (asyncpg.QueryCanceledError, ZoneInfoNotFoundError):
            failed += 1


async def test_a_frame_that_is_cut_off_again_and_again_is_set_aside(
    drain: Drain, database: Urls
) -> None:
    place = await make_place(meters=2)
    slow, good = (frames_of(place, readout(one.serial, 1_000)) for one in place.supplies)
    await frames.store([slow, good])
    await cut_off(database, slow.id)

    assert await failures(drain) == FAILURES_BORNE

    assert await fetch("select frame_id, reason from review_frame") == [
        {"frame_id": slow.id, "reason": "FAILED"}
    ]
    assert await fetch("select frame_id from reading") == [{"frame_id": good.id}]
    assert await fetch("select * from pending_frame") == []


async def test_a_frame_at_which_we_fail_again_and_again_is_set_aside(drain: Drain) -> None:
    bad, good = await make_place(), await make_place()
    ours, theirs = (frames_of(one, readout(one.supplies[0].serial, 1_000)) for one in (bad, good))
    await frames.store([ours, theirs])
    async with access.system() as connection:
        await connection.execute(NOWHERE, bad.company_id)

    assert await failures(drain) == FAILURES_BORNE

    assert await fetch("select frame_id, reason from review_frame") == [
        {"frame_id": ours.id, "reason": "FAILED"}
    ]
    assert await fetch("select frame_id from reading") == [{"frame_id": theirs.id}]
    assert await fetch("select * from pending_frame") == []


async def test_a_frame_that_is_cut_off_now_and_then_stays_in_the_queue(
    drain: Drain, database: Urls
) -> None:
    place = await make_place()
    slow = frames_of(place, readout(place.supplies[0].serial, 1_000))
    await frames.store([slow])
    await cut_off(database, slow.id)

    for _ in range(FAILURES_BORNE):
        with pytest.raises(asyncpg.QueryCanceledError):
            await drain.drain_once()

    assert await fetch("select frame_id from pending_frame") == [{"frame_id": slow.id}]
    assert await fetch("select * from review_frame") == []

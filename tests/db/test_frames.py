"""Raw frames as they are stored: compressed, once, and kept while anybody waits for them."""

from datetime import timedelta

from db import access
from db.enums import MatchStatus
from db.ids import FrameId
from domain import partitions
from domain.frames import operations as frames
from domain.frames import queries
from domain.frames.operations import IncomingFrame, Review
from tests.factories import NOW, Place

BODY = b'{"device":{"flag":"WTL"},"data":"' + b"1.8.0(000123.456*kWh)\\r\\n" * 24 + b'"}'


def frame(place: Place, number: int) -> IncomingFrame:
    return IncomingFrame(
        id=FrameId(number),
        company_id=place.company_id,
        collector_id=place.collector_id,
        received_at=NOW,
        function="read",
        reference_id=f"r{number}",
        packet=0,
        digest=bytes(16),
        body=BODY,
        bucket=0,
    )


async def test_bodies_are_compressed_and_come_back_whole(place: Place) -> None:
    await frames.store([frame(place, 1)])

    async with access.system() as connection:
        size = await connection.fetchval("select pg_column_size(body) from raw_frame")
        (pending,) = await queries.pending(connection, buckets=[0], limit=10)
    assert pending.bodies == [BODY]
    assert size < len(BODY) / 3


async def test_storing_again_after_a_lost_answer_stores_once(place: Place) -> None:
    await frames.store([frame(place, 1)])

    await frames.store([frame(place, 1), frame(place, 2)])

    async with access.system() as connection:
        assert await connection.fetchval("select count(*) from raw_frame") == 2
        assert await connection.fetchval("select count(*) from pending_frame") == 2


async def test_old_frames_go_but_not_while_one_of_their_day_waits(place: Place) -> None:
    await frames.store([frame(place, 1), frame(place, 2)])
    long_after = NOW + timedelta(days=30)
    waiting = Review(
        place.company_id, FrameId(1), NOW, MatchStatus.UNMATCHED, "UNKNOWN_METER", "no meter", 0
    )
    async with access.system() as connection:
        done = [(place.company_id, FrameId(1)), (place.company_id, FrameId(2))]
        await frames.settle(connection, done, [waiting])

    await partitions.maintain(now=long_after)
    async with access.system() as connection:
        kept = await connection.fetchval("select count(*) from raw_frame")
        await connection.execute("delete from review_frame")
    await partitions.maintain(now=long_after)

    async with access.system() as connection:
        assert kept == 2
        assert await connection.fetchval("select count(*) from raw_frame") == 0


async def test_partitions_stand_from_100_days_back_to_2_ahead(place: Place) -> None:
    await partitions.maintain(now=NOW)
    await partitions.maintain(now=NOW)

    async with access.system() as connection:
        rows = await connection.fetch(
            "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid"
            " where i.inhparent = 'reading'::regclass order by 1"
        )
    names = [row["relname"] for row in rows]
    assert names[0] == f"reading_{NOW - timedelta(days=100):%Y%m%d}"
    assert names[-1] == f"reading_{NOW + timedelta(days=2):%Y%m%d}"
    assert len(names) == 103


async def test_frames_without_readings_hold_no_partition(place: Place) -> None:
    await frames.store([frame(place, 1)])
    alarm = Review(
        place.company_id, FrameId(1), NOW, MatchStatus.IGNORED, "NO_READINGS", "an alarm", 0
    )
    async with access.system() as connection:
        await frames.settle(connection, [(place.company_id, FrameId(1))], [alarm])

    await partitions.maintain(now=NOW + timedelta(days=30))

    async with access.system() as connection:
        assert await connection.fetchval("select count(*) from review_frame") == 0
        assert await connection.fetchval("select count(*) from raw_frame") == 0

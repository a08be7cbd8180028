"""Raw frames: stored before they are acknowledged, queued, and settled once they are decoded."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from db import access
from db.access import Connection
from db.enums import MatchStatus
from db.ids import CollectorId, CompanyId, FrameId
from domain.frames.packing import pack

BUCKETS = 16
DIGEST_BYTES = 16
DETAIL_CHARS_MAX = 500
RELEASED_MAX = 10_000
# Why a frame waits before anybody has decoded it.
REVIEW_FIRST = "REVIEW_FIRST"
INCOMPLETE = "INCOMPLETE"


class IncomingFrame(NamedTuple):
    """A frame as it was received. received_at: UTC.

    digest: equal for a frame and its resends only. bucket: see `bucket_of`.
    fragment_ids: the frames before it in the same message, for the last of them.
    waits_for: a reason not to decode it yet, REVIEW_FIRST or INCOMPLETE.
    """

    id: FrameId
    company_id: CompanyId
    collector_id: CollectorId
    received_at: datetime
    function: str
    reference_id: str
    packet: int
    digest: bytes
    body: bytes
    bucket: int
    fragment_ids: Sequence[FrameId] = ()
    waits_for: str | None = None


def bucket_of(company_id: CompanyId, name: str) -> int:
    """Return the bucket in which frames of one name (a meter, a collector) stay in order."""
    return zlib.crc32(f"{company_id}/{name}".encode()) % BUCKETS


async def reserve_ids(count: int) -> list[FrameId]:
    """Return ids for frames to come; those not used are lost, which hurts nobody."""
    async with access.system() as connection:
        rows = await connection.fetch(
            "select nextval('id_sequence') as id from generate_series(1, $1)", count
        )
    return [FrameId(row["id"]) for row in rows]


async def store(frames: Sequence[IncomingFrame]) -> None:
    """Store frames and queue them; when it returns they are committed and may be acknowledged.

    Repeating it, as after a commit whose answer was lost, stores nothing twice.
    """
    queued = [frame for frame in frames if frame.waits_for is None]
    waiting = [frame for frame in frames if frame.waits_for is not None]
    completed = [(f.company_id, id_) for f in queued for id_ in f.fragment_ids]
    async with access.system() as connection:
        await _insert_raw(connection, frames)
        await _insert_pending(connection, queued)
        if waiting:
            await review(
                connection,
                [
                    Review(
                        frame.company_id,
                        frame.id,
                        frame.received_at,
                        MatchStatus.PENDING,
                        str(frame.waits_for),
                        WAITING[str(frame.waits_for)],
                        frame.bucket,
                        frame.fragment_ids,
                    )
                    for frame in waiting
                ],
            )
        if completed:
            await connection.executemany(
                "delete from review_frame where company_id = $1 and frame_id = $2"
                " and reason = 'INCOMPLETE'",
                completed,
            )


WAITING = {
    REVIEW_FIRST: "the company, field or collector asks for a look before decoding",
    INCOMPLETE: "a fragment whose message has not ended yet",
}


async def _insert_raw(connection: Connection, frames: Sequence[IncomingFrame]) -> None:
    await connection.execute(
        """
        insert into raw_frame (company_id, id, received_at, collector_id, function, reference_id,
            packet, digest, body)
        select * from unnest($1::int4[], $2::int8[], $3::timestamptz[], $4::int8[], $5::text[],
            $6::text[], $7::int4[], $8::bytea[], $9::bytea[])
        on conflict do nothing
        """,
        [frame.company_id for frame in frames],
        [frame.id for frame in frames],
        [frame.received_at for frame in frames],
        [frame.collector_id for frame in frames],
        [frame.function for frame in frames],
        [frame.reference_id for frame in frames],
        [frame.packet for frame in frames],
        [frame.digest for frame in frames],
        [pack(frame.body) for frame in frames],
    )


async def _insert_pending(connection: Connection, frames: Sequence[IncomingFrame]) -> None:
    whole = [frame for frame in frames if not frame.fragment_ids]
    await connection.execute(
        "insert into pending_frame (company_id, frame_id, received_at, bucket)"
        " select * from unnest($1::int4[], $2::int8[], $3::timestamptz[], $4::int2[])"
        " on conflict do nothing",
        [frame.company_id for frame in whole],
        [frame.id for frame in whole],
        [frame.received_at for frame in whole],
        [frame.bucket for frame in whole],
    )
    joined = [frame for frame in frames if frame.fragment_ids]
    if joined:
        await connection.executemany(
            "insert into pending_frame (company_id, frame_id, received_at, bucket, fragment_ids)"
            " values ($1, $2, $3, $4, $5) on conflict do nothing",
            [(f.company_id, f.id, f.received_at, f.bucket, f.fragment_ids) for f in joined],
        )


@dataclass(frozen=True, slots=True)
class Review:
    """A frame that must be looked at, and why. meter_serial: of a meter nobody knows yet."""

    company_id: CompanyId
    frame_id: FrameId
    received_at: datetime
    status: MatchStatus
    reason: str
    detail: str
    bucket: int
    fragment_ids: Sequence[FrameId] = ()
    meter_serial: str | None = None


async def review(connection: Connection, reviews: Iterable[Review]) -> None:
    """Put frames into the review queue; a second reason for the same frame replaces the first."""
    await connection.executemany(
        "insert into review_frame (company_id, frame_id, received_at, status, reason, detail,"
        " bucket, fragment_ids, meter_serial) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        " on conflict (company_id, frame_id) do update set status = excluded.status,"
        " reason = excluded.reason, detail = excluded.detail,"
        " meter_serial = excluded.meter_serial",
        [
            (
                r.company_id,
                r.frame_id,
                r.received_at,
                r.status,
                r.reason,
                r.detail[:DETAIL_CHARS_MAX].replace("\0", "\N{REPLACEMENT CHARACTER}"),
                r.bucket,
                list(r.fragment_ids),
                r.meter_serial,
            )
            for r in reviews
        ],
    )


async def settle(
    connection: Connection, done: Sequence[tuple[CompanyId, FrameId]], reviews: Sequence[Review]
) -> None:
    """Take frames off the queue, in the transaction that made readings of them or of none."""
    await connection.execute(
        "delete from pending_frame p using unnest($1::int4[], $2::int8[]) d (company_id, frame_id)"
        " where (p.company_id, p.frame_id) = (d.company_id, d.frame_id)",
        [company_id for company_id, _ in done],
        [frame_id for _, frame_id in done],
    )
    if reviews:
        await review(connection, reviews)


async def release_unmatched(
    connection: Connection, *, company_id: CompanyId, meter_serial: str
) -> int:
    """Queue the frames that waited for a meter of this serial; return how many. Safe to repeat."""
    return await _release(
        connection,
        "company_id = $1 and meter_serial = $2 and status = 'UNMATCHED'",
        company_id,
        meter_serial,
    )


async def release_matchable() -> int:
    """Queue the frames whose meter is there by now, at most 10,000; return how many.

    A frame that is decoded while its meter is being made sees no meter, and is not seen by it.
    """
    async with access.system() as connection:
        return await _release(
            connection,
            f"""(company_id, frame_id) in (
                select r.company_id, r.frame_id from review_frame r
                join meter m on m.company_id = r.company_id and m.serial = r.meter_serial
                where r.status = 'UNMATCHED' limit {RELEASED_MAX})""",
        )


async def _release(connection: Connection, which: str, *values: object) -> int:
    status = await connection.execute(
        f"""
        with released as (
            delete from review_frame where {which}
            returning company_id, frame_id, received_at, bucket, fragment_ids
        )
        insert into pending_frame (company_id, frame_id, received_at, bucket, fragment_ids)
        select company_id, frame_id, received_at, bucket, fragment_ids from released
        """,
        *values,
    )
    return int(status.rsplit(" ", 1)[1])

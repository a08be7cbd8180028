"""Which frames wait to be decoded."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from db.access import Connection
from db.ids import CollectorId, CompanyId, FrameId
from domain.frames.packing import unpack


class PendingFrame(NamedTuple):
    """A whole message to decode. received_at: of its first receipt, UTC, whatever was resent.

    packed: as stored, of its fragments in order, the frame's own last.
    """

    company_id: CompanyId
    frame_id: FrameId
    collector_id: CollectorId
    received_at: datetime
    bucket: int
    fragment_ids: Sequence[FrameId]
    function: str
    digest: bytes
    packed: Sequence[bytes]

    @property
    def bodies(self) -> list[bytes]:
        """The bytes as they were delivered.

        :raises ValueError: this release does not know how they were packed
        """
        return [unpack(body) for body in self.packed]


async def own_buckets(connection: Connection, candidates: Sequence[int]) -> list[int]:
    """Lock buckets until the transaction ends, and return those that nobody else has."""
    rows = await connection.fetch(
        "select b from unnest($1::int4[]) b where pg_try_advisory_xact_lock(hashtext('bucket'), b)",
        list(candidates),
    )
    return [row["b"] for row in rows]


async def pending(
    connection: Connection, *, buckets: Sequence[int], limit: int
) -> list[PendingFrame]:
    """Return the frames of these buckets that wait longest."""
    rows = await connection.fetch(
        """
        select p.company_id, p.frame_id, f.collector_id, p.received_at, p.bucket, p.fragment_ids,
            f.function, f.digest, f.body
        from (
            select * from pending_frame where bucket = any($1) order by received_at limit $2
        ) p
        join raw_frame f on (f.company_id, f.id, f.received_at)
            = (p.company_id, p.frame_id, p.received_at)
        """,
        list(buckets),
        limit,
    )
    return [
        PendingFrame(
            row["company_id"],
            row["frame_id"],
            row["collector_id"],
            row["received_at"],
            row["bucket"],
            row["fragment_ids"],
            row["function"],
            row["digest"],
            [
                *await _fragments(connection, row["company_id"], row["fragment_ids"]),
                row["body"],
            ]
            if row["fragment_ids"]
            else (row["body"],),
        )
        for row in rows
    ]


async def _fragments(
    connection: Connection, company_id: CompanyId, fragment_ids: Sequence[FrameId]
) -> list[bytes]:
    rows = await connection.fetch(
        "select body from raw_frame where company_id = $1 and id = any($2)"
        " order by array_position($2, id)",
        company_id,
        list(fragment_ids),
    )
    return [row["body"] for row in rows]


async def first_receipts(
    connection: Connection, frames: Sequence[PendingFrame]
) -> dict[FrameId, datetime]:
    """Return when each of these frames came first, under whatever id."""
    rows = await connection.fetch(
        """
        select k.frame_id, min(f.received_at) as first_at
        from unnest($1::int4[], $2::int8[], $3::bytea[], $4::int8[])
            k (company_id, collector_id, digest, frame_id)
        join raw_frame f on (f.company_id, f.collector_id, f.digest)
            = (k.company_id, k.collector_id, k.digest)
        group by k.frame_id
        """,
        [frame.company_id for frame in frames],
        [frame.collector_id for frame in frames],
        [frame.digest for frame in frames],
        [frame.frame_id for frame in frames],
    )
    return {row["frame_id"]: row["first_at"] for row in rows}

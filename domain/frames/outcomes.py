"""What became of a message that a collector delivered, for whoever delivered it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db import access
from db.access import Connection
from db.enums import MatchStatus, ValidationRule
from db.ids import CollectorId, CompanyId, FrameId, MeterId

# All frames of one digest are the same message, delivered again and again; the newest tells.
FRAMES = """
    select f.id, p.frame_id is not null as is_pending, v.status, v.reason, v.detail
    from raw_frame f
    left join pending_frame p on p.company_id = f.company_id and p.frame_id = f.id
    left join review_frame v on v.company_id = f.company_id and v.frame_id = f.id
    where f.company_id = $1 and f.collector_id = $2 and f.digest = $3
    order by f.id desc
"""
# A reading that was there already has the frame that brought it first, and the same time.
READINGS = """
    select ts, null as rule, frame_id = any($3) as is_ours
    from reading where company_id = $1 and meter_id = $2 and (frame_id = any($3) or ts = $4)
    union all
    select ts, rule, frame_id = any($3)
    from held_reading where company_id = $1 and meter_id = $2 and (frame_id = any($3) or ts = $4)
"""
CONFLICTS = """
    select max(ts) from reading_conflict
    where company_id = $1 and meter_id = $2 and frame_id = any($3)
"""


@dataclass(frozen=True, slots=True)
class FrameOutcome:
    """What became of a message.

    status: MATCHED is the only good end; PENDING is none yet unless there is a reason.
    reason, detail: why it waits in review.
    read_at: of the reading that it made, stored or held; None when it made none.
    held_by: the rule that holds the reading.
    is_new: whether this message brought the reading, and not another one before it.
    contradicts: whether another value stands at that time already; a person decides.
    """

    status: MatchStatus
    reason: str | None = None
    detail: str | None = None
    read_at: datetime | None = None
    held_by: ValidationRule | None = None
    is_new: bool = False
    contradicts: bool = False

    @property
    def is_settled(self) -> bool:
        return self.status is not MatchStatus.PENDING or self.reason is not None


async def outcome_of(
    *,
    company_id: CompanyId,
    collector_id: CollectorId,
    digest: bytes,
    meter_id: MeterId | None,
    read_at: datetime | None,
) -> FrameOutcome | None:
    """Return what became of a message; None when there is no such message.

    digest: of the message's last frame, as it is stored.
    meter_id: whose readings to look at; None when the meter is not known.
    read_at: when the reading was taken as far as the sender knows.
    """
    async with access.tenant(company_id) as connection:
        frames = await connection.fetch(FRAMES, company_id, collector_id, digest)
        if not frames:
            return None
        newest = frames[0]
        if newest["is_pending"]:
            return FrameOutcome(MatchStatus.PENDING)
        if newest["status"] is not None:
            return FrameOutcome(MatchStatus(newest["status"]), newest["reason"], newest["detail"])
        if meter_id is None:
            return FrameOutcome(MatchStatus.MATCHED)
        return await _made(
            connection, company_id, meter_id, [frame["id"] for frame in frames], read_at
        )


async def _made(
    connection: Connection,
    company_id: CompanyId,
    meter_id: MeterId,
    frame_ids: Sequence[FrameId],
    read_at: datetime | None,
) -> FrameOutcome:
    rows = await connection.fetch(READINGS, company_id, meter_id, frame_ids, read_at)
    conflict_at = await connection.fetchval(CONFLICTS, company_id, meter_id, frame_ids)
    # Besides the reading, a message may have brought what the meter stored at ends of months
    # before it: the latest is what it is about.
    found = max(rows, key=lambda row: (row["ts"], row["is_ours"]), default=None)
    if conflict_at is not None and (found is None or conflict_at >= found["ts"]):
        return FrameOutcome(MatchStatus.MATCHED, read_at=conflict_at, contradicts=True)
    if found is None:
        return FrameOutcome(MatchStatus.MATCHED)
    return FrameOutcome(
        MatchStatus.MATCHED,
        read_at=found["ts"],
        held_by=None if found["rule"] is None else ValidationRule(found["rule"]),
        is_new=found["is_ours"],
    )

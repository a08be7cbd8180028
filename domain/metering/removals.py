"""Taking meters off metering points: removing them, or exchanging them for others.

Meters are never compared across an exchange: each has the indexes of its own mountings, and an
account that pays for the point pays for what each of them measured there.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from db import access
from db.access import Connection
from db.ids import CompanyId, MeterId, MountingId, PointId
from domain import values
from domain.billing import operations as billing
from domain.billing import submeters
from domain.billing.claims import Claim
from domain.metering import mountings
from domain.metering.rules import Course
from domain.refusals import NotThere, Refused


class MountingEnded(Refused):
    """The meter has been removed from there already."""


class EndsBeforeStart(Refused):
    """The meter would be removed before it was mounted, at the fact `started_at`."""


@dataclass(frozen=True, slots=True)
class _Mounting:
    id: MountingId
    meter_id: MeterId
    point_id: PointId
    started_at: datetime
    multiplier: Decimal
    ended_at: datetime | None
    final_index_wh: int | None


async def remove(
    *,
    company_id: CompanyId,
    mounting_id: MountingId,
    ended_at: datetime,
    final_index_wh: int,
    rolled_over: bool = False,
    now: datetime,
) -> MountingId:
    """Remove a meter; what it measured up to its final index is charged.

    final_index_wh: the total register when it was removed, on the meter's side of the multiplier.
    rolled_over: whether the register may have started again at zero since it was last read.
    Returns the mounting; a retry changes nothing.

    :raises MountingEnded, EndsBeforeStart, NotThere, InTheFuture, AlreadyBilled, IndexOutOfRange,
        IndexContradicts, IndexFell, IndexImplausible: nothing was written
    """
    values.past(ended_at, "ended_at", now=now)
    claim = _final(ended_at, final_index_wh, rolled_over, "ended_at")
    async with access.tenant(company_id) as connection:
        mounting = await _locked(connection, company_id, mounting_id)
        if not _is_end(mounting, claim):
            await _end(connection, company_id, mounting, claim, now=now)
    return mounting_id


async def exchange(
    *,
    company_id: CompanyId,
    mounting_id: MountingId,
    meter_id: MeterId,
    exchanged_at: datetime,
    final_index_wh: int,
    rolled_over: bool = False,
    initial_index_wh: int,
    multiplier: Decimal | None = None,
    now: datetime,
) -> MountingId:
    """Remove a meter and mount another in its place, both or neither.

    meter_id: the one that is mounted now, from `initial_index_wh` on. multiplier: None keeps it.
    Returns the new mounting; on a retry, the one already made.

    :raises Refused: whatever `remove` and `mount` refuse; nothing was written
    """
    values.past(exchanged_at, "exchanged_at", now=now)
    claim = _final(exchanged_at, final_index_wh, rolled_over, "exchanged_at")
    async with access.tenant(company_id) as connection:
        mounting = await _locked(connection, company_id, mounting_id, meter_id)
        if not _is_end(mounting, claim):
            await _end(connection, company_id, mounting, claim, now=now)
        return await mountings.add(
            connection,
            company_id=company_id,
            meter_id=meter_id,
            point_id=mounting.point_id,
            started_at=exchanged_at,
            initial_index_wh=initial_index_wh,
            multiplier=mounting.multiplier if multiplier is None else multiplier,
            now=now,
            at_path="exchanged_at",
        )


def _final(at: datetime, index_wh: int, rolled_over: bool, at_path: str) -> Claim:
    return Claim(
        at=at,
        index_wh=index_wh,
        course=Course.ROLLING if rolled_over else Course.STEADY,
        at_path=(at_path,),
        index_path=("final_index",),
    )


async def _locked(
    connection: Connection,
    company_id: CompanyId,
    mounting_id: MountingId,
    *other_meters: MeterId,
) -> _Mounting:
    """Return a mounting. Its point is locked, and its meter and the others, in key order."""
    found = await connection.fetchrow(
        "select meter_id, point_id from mounting where company_id = $1 and id = $2",
        company_id,
        mounting_id,
    )
    if found is None:
        raise NotThere
    await submeters.hold_lines(connection, company_id, [found["point_id"]])
    meter_ids = (found["meter_id"], *other_meters)
    await submeters.hold_meters(connection, company_id, [found["point_id"]], meter_ids=meter_ids)
    for meter_id in meter_ids:
        await billing.locked_state(connection, company_id=company_id, meter_id=meter_id)
    row = await connection.fetchrow(
        "select id, meter_id, point_id, started_at, multiplier, ended_at, final_index_wh"
        " from mounting where company_id = $1 and id = $2",
        company_id,
        mounting_id,
    )
    if row is None:
        raise NotThere
    return _Mounting(**row)


def _is_end(mounting: _Mounting, claim: Claim) -> bool:
    """Return whether the mounting has ended so already.

    :raises MountingEnded: it has ended otherwise
    """
    if mounting.ended_at is None:
        return False
    if (mounting.ended_at, mounting.final_index_wh) != (claim.at, claim.index_wh):
        raise MountingEnded("mounting_id")
    return True


async def _end(
    connection: Connection,
    company_id: CompanyId,
    mounting: _Mounting,
    claim: Claim,
    *,
    now: datetime,
) -> None:
    if claim.at <= mounting.started_at:
        raise EndsBeforeStart(*claim.at_path, started_at=mounting.started_at.isoformat())
    async with submeters.settled(
        connection,
        company_id=company_id,
        point_ids=[mounting.point_id],
        since=claim.at,
        path=claim.at_path,
        now=now,
    ):
        await connection.execute(
            "update mounting set ended_at = $3, final_index_wh = $4"
            " where company_id = $1 and id = $2",
            company_id,
            mounting.id,
            claim.at,
            claim.index_wh,
        )
        await billing.begin_terms(
            connection, company_id=company_id, meter_id=mounting.meter_id, claim=claim, now=now
        )

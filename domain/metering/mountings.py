"""Mounting meters at metering points. How they come off again is in `removals`."""

from datetime import datetime
from decimal import Decimal

import asyncpg

from db import access
from db.access import Connection
from db.ids import CompanyId, MeterId, MountingId, PointId
from domain import rows, values
from domain.billing import operations as billing
from domain.billing import submeters
from domain.billing.claims import Claim
from domain.hierarchy import parents
from domain.metering.rules import Course
from domain.refusals import Refused

INDEX_WH_MAX = 10**15

MADE = """
    select id from mounting where company_id = $1 and meter_id = $2 and point_id = $3
        and started_at = $4 and initial_index_wh = $5 and multiplier = $6
"""


class MeterTaken(Refused):
    """The meter is mounted somewhere then."""


class PointTaken(Refused):
    """The metering point has a meter then."""


async def mount(
    *,
    company_id: CompanyId,
    meter_id: MeterId,
    point_id: PointId,
    started_at: datetime,
    initial_index_wh: int,
    multiplier: Decimal = Decimal(1),
    now: datetime,
) -> MountingId:
    """Mount a meter at a metering point; an account that pays for the point pays from here on.

    initial_index_wh: the total register when it was mounted, on the meter's side of the multiplier.
    Returns the mounting; on a retry, the one already made.

    :raises MeterTaken, PointTaken, ParentInactive, NotThere, InTheFuture, InvalidValue,
        AlreadyBilled, IndexOutOfRange, IndexContradicts: nothing was written
    """
    async with access.tenant(company_id) as connection:
        return await add(
            connection,
            company_id=company_id,
            meter_id=meter_id,
            point_id=point_id,
            started_at=started_at,
            initial_index_wh=initial_index_wh,
            multiplier=multiplier,
            now=now,
        )


async def add(
    connection: Connection,
    *,
    company_id: CompanyId,
    meter_id: MeterId,
    point_id: PointId,
    started_at: datetime,
    initial_index_wh: int,
    multiplier: Decimal = Decimal(1),
    now: datetime,
    at_path: str = "started_at",
) -> MountingId:
    """Do what `mount` does, in the caller's transaction."""
    values.past(started_at, at_path, now=now)
    values.multiplier(multiplier, "multiplier")
    values.whole_number(initial_index_wh, "initial_index", minimum=0, maximum=INDEX_WH_MAX)
    # The point first: who opens an account there meanwhile would not see the meter, nor we it.
    await submeters.hold_lines(connection, company_id, [point_id])
    await parents.hold_active(
        connection, "metering_point", company_id=company_id, row_id=point_id, alone=True
    )
    await submeters.hold_meters(
        connection, company_id, [point_id], meter_ids=[meter_id], since=started_at
    )
    await billing.locked_state(connection, company_id=company_id, meter_id=meter_id)
    made: MountingId | None = await connection.fetchval(
        MADE, company_id, meter_id, point_id, started_at, initial_index_wh, multiplier
    )
    if made is not None:
        return made
    await parents.hold_active(connection, "meter", company_id=company_id, row_id=meter_id)
    claim = Claim(
        at=started_at,
        index_wh=initial_index_wh,
        course=Course.APART,
        at_path=(at_path,),
        index_path=("initial_index",),
    )
    async with submeters.settled(
        connection,
        company_id=company_id,
        point_ids=[point_id],
        since=started_at,
        path=claim.at_path,
        now=now,
    ):
        mounting_id = await _insert(
            connection, company_id, meter_id, point_id, started_at, initial_index_wh, multiplier
        )
        await billing.begin_terms(
            connection, company_id=company_id, meter_id=meter_id, claim=claim, now=now
        )
    return mounting_id


async def _insert(
    connection: Connection,
    company_id: CompanyId,
    meter_id: MeterId,
    point_id: PointId,
    started_at: datetime,
    initial_index_wh: int,
    multiplier: Decimal,
) -> MountingId:
    try:
        return MountingId(
            await rows.insert(
                connection,
                "mounting",
                company_id=company_id,
                meter_id=meter_id,
                point_id=point_id,
                started_at=started_at,
                initial_index_wh=initial_index_wh,
                multiplier=multiplier,
            )
        )
    except asyncpg.ExclusionViolationError as error:
        if error.constraint_name == "mounting_one_place":
            raise MeterTaken("meter_id") from error
        raise PointTaken("metering_point_id") from error

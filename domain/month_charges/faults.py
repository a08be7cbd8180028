"""Violations that came from a fault of the compensation, as people record and revoke them."""

from datetime import datetime

from db import access
from db.ids import CompanyId, PointId
from domain import rows, values
from domain.billing.queries import company_zone
from domain.invoices.rules import Month
from domain.month_charges import due
from domain.refusals import AlreadyExists, InTheFuture, NotThere

REASON_CHARACTERS_MAX = 500

REVOKE = """
    update compensation_fault set revoked_at = $4, revoked_because = $5
    where company_id = $1 and point_id = $2 and month = $3 and revoked_at is null returning id
"""
IS_THERE = "select exists (select from metering_point where company_id = $1 and id = $2)"


async def record(
    *, company_id: CompanyId, point_id: PointId, month: Month, reason: str, now: datetime
) -> int:
    """Say that a fault of compensation caused what was over a limit in a month.

    A month that is charged already is settled.

    :raises NotThere, AlreadyExists, InvalidValue, InTheFuture: nothing was written
    """
    said = values.name(reason, "reason", characters_max=REASON_CHARACTERS_MAX)
    async with access.tenant(company_id) as connection:
        if not await connection.fetchval(IS_THERE, company_id, point_id):
            raise NotThere
        zone = await company_zone(connection, company_id)
        if month > Month.of(now.astimezone(zone).date()):
            raise InTheFuture("month", minutes=0)
        try:
            fault_id = await rows.insert(
                connection,
                "compensation_fault",
                company_id=company_id,
                point_id=point_id,
                month=month.first,
                reason=said,
                recorded_at=now,
            )
        except AlreadyExists as error:
            raise AlreadyExists("month") from error
        await due.note_point(connection, company_id, point_id, month, now=now)
    return fault_id


async def revoke(
    *, company_id: CompanyId, point_id: PointId, month: Month, reason: str, now: datetime
) -> int:
    """Say that no fault caused it after all; what was recorded stays to be seen.

    :raises NotThere, InvalidValue: nothing was written
    """
    said = values.name(reason, "reason", characters_max=REASON_CHARACTERS_MAX)
    async with access.tenant(company_id) as connection:
        fault_id = await connection.fetchval(REVOKE, company_id, point_id, month.first, now, said)
        if fault_id is None:
            raise NotThere
        await due.note_point(connection, company_id, point_id, month, now=now)
    return int(fault_id)

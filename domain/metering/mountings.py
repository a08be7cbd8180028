"""Premises, metering points, and mounting meters there."""

from datetime import datetime
from decimal import Decimal

from db import access
from db.enums import PointRole
from db.ids import CompanyId, FieldId, MeterId, PointId, PremisesId
from domain.billing import operations as billing


async def create_premises(*, company_id: CompanyId, field_id: FieldId, name: str) -> PremisesId:
    """Add an office or shop to a field."""
    async with access.tenant(company_id) as connection:
        premises_id = await connection.fetchval(
            "insert into premises (company_id, field_id, name) values ($1, $2, $3) returning id",
            company_id,
            field_id,
            name,
        )
    return PremisesId(premises_id)


async def create_point(
    *,
    company_id: CompanyId,
    premises_id: PremisesId,
    code: str,
    role: PointRole = PointRole.BILLING,
    parent_id: PointId | None = None,
) -> PointId:
    """Add a metering point to premises; `code` is its tesisat number."""
    async with access.tenant(company_id) as connection:
        point_id = await connection.fetchval(
            "insert into metering_point (company_id, premises_id, code, role, parent_id)"
            " values ($1, $2, $3, $4, $5) returning id",
            company_id,
            premises_id,
            code,
            role,
            parent_id,
        )
    return PointId(point_id)


async def mount(
    *,
    company_id: CompanyId,
    meter_id: MeterId,
    point_id: PointId,
    started_at: datetime,
    initial_index_wh: int,
    multiplier: Decimal = Decimal(1),
) -> None:
    """Mount a meter at a metering point; an account that pays for the point pays from here on.

    initial_index_wh: the total register when it was mounted, on the meter's side of the multiplier.

    :raises asyncpg.ExclusionViolationError: the meter or the point is taken; nothing is written
    :raises AlreadyBilled: readings after `started_at` are charged already; nothing is written
    """
    async with access.tenant(company_id) as connection:
        await connection.execute(
            "insert into mounting (company_id, meter_id, point_id, started_at, initial_index_wh,"
            " multiplier) values ($1, $2, $3, $4, $5, $6)",
            company_id,
            meter_id,
            point_id,
            started_at,
            initial_index_wh,
            multiplier,
        )
        await billing.begin_terms(
            connection,
            company_id=company_id,
            meter_id=meter_id,
            at=started_at,
            index_wh=initial_index_wh,
        )

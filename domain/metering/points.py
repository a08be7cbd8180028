"""Metering points (tesisat) of premises: adding, changing, moving, retiring.

Points form trees within a field: a parent's energy flows on to its children.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from db import access
from db.access import Connection
from db.enums import PointRole
from db.ids import CompanyId, PointId, PremisesId
from domain import rows, values
from domain.billing import submeters
from domain.hierarchy import parents
from domain.metering import lineage
from domain.month_charges import due
from domain.refusals import InUse, Refused

# Who changes the trees does so alone, so that two changes at once cannot close a circle. It comes
# before the locks of rows.
LOCK_TREES = "select pg_advisory_xact_lock(hashtext('metering_point'), $1)"

FIELD_OF_PREMISES = "select field_id from premises where company_id = $1 and id = $2"
PARENT_IS_ELSEWHERE = """
    select exists (
        select from metering_point p
        join metering_point q on q.company_id = p.company_id and q.id = p.parent_id
        join premises pr on pr.company_id = p.company_id and pr.id = p.premises_id
        join premises qr on qr.company_id = q.company_id and qr.id = q.premises_id
        where p.company_id = $1 and p.id = $2 and pr.field_id <> qr.field_id)
"""
# A union of distinct ids ends in a circle, too.
IS_OWN_ANCESTOR = """
    with recursive line(id) as (
        select parent_id from metering_point where company_id = $1 and id = $2
        union
        select p.parent_id from line
        join metering_point p on p.company_id = $1 and p.id = line.id
    )
    select exists (select from line where id = $2)
"""
FIELDS_OF_KIN = """
    select distinct r.field_id from metering_point p
    join metering_point q on q.company_id = p.company_id
        and (q.id = p.parent_id or q.parent_id = p.id)
    join premises r on r.company_id = q.company_id and r.id = q.premises_id
    where p.company_id = $1 and p.id = $2
"""
WAS_PAID_FOR = "select exists (select from account_point where company_id = $1 and point_id = $2)"
IS_PAID_FOR = """
    select exists (select from account_point
        where company_id = $1 and point_id = $2 and ended_at is null)
"""
HAS_METER = """
    select exists (select from mounting
        where company_id = $1 and point_id = $2 and ended_at is null)
"""


# What limits of reactive energy go by; nothing is known of them unless somebody says so.
CONNECTION: Mapping[str, Callable[..., object]] = MappingProxyType(
    {"installed_kva": values.power, "connection_kw": values.power, "phases": values.phases}
)


class PointsInCircle(Refused):
    """A point would be its own parent, through whatever is in between."""


class OtherField(Refused):
    """A point and its parent would be in different fields."""


async def create(
    *,
    company_id: CompanyId,
    premises_id: PremisesId,
    code: str,
    role: PointRole = PointRole.BILLING,
    parent_id: PointId | None = None,
    installed_kva: Decimal | None = None,
    connection_kw: Decimal | None = None,
    phases: int | None = None,
) -> PointId:
    """Add a metering point to premises; `code` is its tesisat number.

    installed_kva, connection_kw, phases: of its connection; None while nobody knows.

    :raises AlreadyExists, InvalidValue, NotThere, ParentInactive, OtherField: nothing was written
    """
    async with access.tenant(company_id) as connection:
        return await add(
            connection,
            company_id=company_id,
            premises_id=premises_id,
            code=code,
            role=role,
            parent_id=parent_id,
            installed_kva=installed_kva,
            connection_kw=connection_kw,
            phases=phases,
        )


async def add(
    connection: Connection,
    *,
    company_id: CompanyId,
    premises_id: PremisesId,
    code: str,
    role: PointRole = PointRole.BILLING,
    parent_id: PointId | None = None,
    installed_kva: Decimal | None = None,
    connection_kw: Decimal | None = None,
    phases: int | None = None,
) -> PointId:
    """Do what `create` does, in the caller's transaction."""
    checked = values.name(code, "code")
    connected: dict[str, Any] = {
        "installed_kva": installed_kva,
        "connection_kw": connection_kw,
        "phases": phases,
    }
    _check_connection(connected)
    if parent_id is not None:
        await connection.execute(LOCK_TREES, company_id)
    await parents.hold_active(connection, "premises", company_id=company_id, row_id=premises_id)
    point_id = PointId(
        await rows.insert(
            connection,
            "metering_point",
            company_id=company_id,
            premises_id=premises_id,
            code=checked,
            role=role,
            parent_id=parent_id,
            **connected,
        )
    )
    if parent_id is not None:
        await _check_tree(connection, company_id, point_id)
        await lineage.begin(connection, company_id, point_id, parent_id)
    return point_id


async def update(
    *,
    company_id: CompanyId,
    point_id: PointId,
    expected_version: int,
    changes: Mapping[str, Any],
    now: datetime,
) -> PointId:
    """Change a metering point.

    changes: any of `code`, `role`, `parent_id`, `installed_kva`, `connection_kw` and `phases`.

    :raises InUse: its role is to change although an account pays or paid for it, whose charges
        the role decided
    :raises NotDeductible, SharedAbove: others pay for energy below it, and what is paid above has
        slabs, or is shared
    :raises StaleVersion, NotThere, AlreadyExists, InvalidValue, OtherField, PointsInCircle:
        nothing was written
    """
    checked = dict(changes)
    if "code" in checked:
        checked["code"] = values.name(checked["code"], "code")
    _check_connection(checked)
    async with access.tenant(company_id) as connection:
        parent_id = checked.get("parent_id")
        if "parent_id" in checked:
            await connection.execute(LOCK_TREES, company_id)
            held = (point_id,) if parent_id is None else (point_id, parent_id)
            await submeters.hold_lines(connection, company_id, held)
        await _change(connection, company_id, point_id, expected_version, checked)
        if CONNECTION.keys() & checked.keys():
            await due.note_unknown(connection, company_id, point_id, now=now)
        if "role" in checked and await connection.fetchval(WAS_PAID_FOR, company_id, point_id):
            raise InUse("role")
        if parent_id is not None:
            await _check_tree(connection, company_id, point_id)
        if "parent_id" in checked:
            await lineage.change(connection, company_id, point_id, parent_id, now=now)
    return point_id


async def move(
    *, company_id: CompanyId, point_id: PointId, expected_version: int, premises_id: PremisesId
) -> PointId:
    """Say that a point measures other premises. Its meters and their history go along.

    :raises InUse: an account pays for it, which is an account of the premises
    :raises OtherField: its parent or its children are in another field than the new premises
    :raises StaleVersion, NotThere, ParentInactive: nothing was written
    """
    async with access.tenant(company_id) as connection:
        await connection.execute(LOCK_TREES, company_id)
        await parents.hold_active(connection, "premises", company_id=company_id, row_id=premises_id)
        await _change(
            connection, company_id, point_id, expected_version, {"premises_id": premises_id}
        )
        if await connection.fetchval(IS_PAID_FOR, company_id, point_id):
            raise InUse("id")
        own = await connection.fetchval(FIELD_OF_PREMISES, company_id, premises_id)
        kin = await connection.fetch(FIELDS_OF_KIN, company_id, point_id)
        if any(row["field_id"] != own for row in kin):
            raise OtherField("premises_id")
    return point_id


async def set_active(
    *, company_id: CompanyId, point_id: PointId, expected_version: int, active: bool
) -> PointId:
    """Retire a metering point, or take it into use again; its history stays either way.

    :raises InUse: a meter is mounted there or an account pays for it
    :raises StaleVersion, NotThere: nothing was written
    """
    async with access.tenant(company_id) as connection:
        # The row goes first: whoever mounts a meter there waits for it.
        await _change(connection, company_id, point_id, expected_version, {"active": active})
        if not active and (
            await connection.fetchval(HAS_METER, company_id, point_id)
            or await connection.fetchval(IS_PAID_FOR, company_id, point_id)
        ):
            raise InUse("id")
    return point_id


def _check_connection(given: Mapping[str, Any]) -> None:
    for name in CONNECTION.keys() & given.keys():
        CONNECTION[name](given[name], name)


async def _change(
    connection: Connection,
    company_id: CompanyId,
    point_id: PointId,
    expected_version: int,
    changes: Mapping[str, Any],
) -> None:
    await rows.change(
        connection,
        "metering_point",
        company_id=company_id,
        row_id=point_id,
        expected_version=expected_version,
        changes=changes,
    )


async def _check_tree(connection: Connection, company_id: CompanyId, point_id: PointId) -> None:
    """Return if the point, as it is written now, has a parent that it may have.

    The trees are locked.
    """
    if await connection.fetchval(IS_OWN_ANCESTOR, company_id, point_id):
        raise PointsInCircle("parent_id")
    if await connection.fetchval(PARENT_IS_ELSEWHERE, company_id, point_id):
        raise OtherField("parent_id")

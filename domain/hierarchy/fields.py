"""Fields of a branch: adding and changing them. `add` and `alter` are steps of a transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from db import access
from db.access import Connection
from db.ids import BranchId, CompanyId, FieldId
from domain import rows, values
from domain.hierarchy import activity, checks, parents, placements
from domain.hierarchy.checks import Check, checked
from domain.refusals import InvalidValue

CHECKS: Mapping[str, Check] = {
    "name": values.name,
    "latitude": checks.latitude,
    "longitude": checks.longitude,
    "boundary": checks.boundary,
    "review_first": checks.as_given,
}


async def create(
    *,
    company_id: CompanyId,
    branch_id: BranchId,
    name: str,
    latitude: float | None = None,
    longitude: float | None = None,
    boundary: Mapping[str, object] | None = None,
) -> FieldId:
    """Add a field to a branch; see `add`."""
    async with access.tenant(company_id) as connection:
        return await add(
            connection,
            company_id=company_id,
            branch_id=branch_id,
            name=name,
            latitude=latitude,
            longitude=longitude,
            boundary=boundary,
        )


async def add(
    connection: Connection,
    *,
    company_id: CompanyId,
    branch_id: BranchId,
    name: str,
    latitude: float | None = None,
    longitude: float | None = None,
    boundary: Mapping[str, object] | None = None,
) -> FieldId:
    """Add a field to a branch.

    latitude, longitude: both or neither; degrees, WGS 84. boundary: GeoJSON, see `geometry.area`.

    :raises AlreadyExists: the branch has a field of that name
    :raises NotThere, ParentInactive, InvalidValue: nothing was written
    """
    given: dict[str, object] = {
        "name": name,
        "latitude": latitude,
        "longitude": longitude,
        "boundary": boundary,
    }
    columns = _checked(given)
    await parents.hold_active(connection, "branch", company_id=company_id, row_id=branch_id)
    field_id = await rows.insert(
        connection, "field", company_id=company_id, branch_id=branch_id, **columns
    )
    await placements.begin(
        connection,
        placements.FIELDS,
        company_id=company_id,
        child_id=field_id,
        parent_id=branch_id,
    )
    return FieldId(field_id)


async def update(
    *,
    company_id: CompanyId,
    field_id: FieldId,
    expected_version: int,
    changes: Mapping[str, object],
) -> FieldId:
    """Change a field; see `alter`."""
    async with access.tenant(company_id) as connection:
        return await alter(
            connection,
            company_id=company_id,
            field_id=field_id,
            expected_version=expected_version,
            changes=changes,
        )


async def alter(
    connection: Connection,
    *,
    company_id: CompanyId,
    field_id: FieldId,
    expected_version: int,
    changes: Mapping[str, object],
) -> FieldId:
    """Change a field. changes: what is to change, by the names of `add`, or `review_first`.

    :raises StaleVersion, NotThere, AlreadyExists, InvalidValue: nothing was written
    """
    await rows.change(
        connection,
        "field",
        company_id=company_id,
        row_id=field_id,
        expected_version=expected_version,
        changes=_checked(changes),
    )
    return field_id


async def move(
    *,
    company_id: CompanyId,
    field_id: FieldId,
    branch_id: BranchId,
    expected_version: int,
    now: datetime,
) -> FieldId:
    """Move a field to another branch; where it was stays known.

    :raises StaleVersion, NotThere, ParentInactive, AlreadyExists: nothing was written
    """
    async with access.tenant(company_id) as connection:
        await placements.move(
            connection,
            placements.FIELDS,
            company_id=company_id,
            child_id=field_id,
            parent_id=branch_id,
            expected_version=expected_version,
            now=now,
        )
    return field_id


async def set_active(
    *, company_id: CompanyId, field_id: FieldId, expected_version: int, active: bool
) -> FieldId:
    """Retire a field, or take it into use again; its history stays either way.

    :raises InUse: it has active collectors, or accounts that are open
    :raises ParentInactive: its branch is not in use
    :raises StaleVersion, NotThere: nothing was written
    """
    async with access.tenant(company_id) as connection:
        await activity.set_active(
            connection,
            activity.FIELD,
            company_id=company_id,
            row_id=field_id,
            expected_version=expected_version,
            active=active,
        )
    return field_id


def _checked(given: Mapping[str, object]) -> dict[str, Any]:
    columns = checked(given, CHECKS)
    latitude, longitude = columns.get("latitude"), columns.get("longitude")
    is_half = ("latitude" in columns) != ("longitude" in columns)
    if is_half or (latitude is None) != (longitude is None):
        raise InvalidValue("latitude", expected="both a latitude and a longitude, or neither")
    return columns

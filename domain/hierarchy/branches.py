"""Branches of a company: adding, renaming, retiring. `add` and `alter` join a transaction."""

from collections.abc import Mapping

from db import access
from db.access import Connection
from db.ids import BranchId, CompanyId
from domain import rows, values
from domain.hierarchy import activity
from domain.hierarchy.checks import Check, checked

CHECKS: Mapping[str, Check] = {"name": values.name}


async def create(*, company_id: CompanyId, name: str) -> BranchId:
    """Add a branch; see `add`."""
    async with access.tenant(company_id) as connection:
        return await add(connection, company_id=company_id, name=name)


async def add(connection: Connection, *, company_id: CompanyId, name: str) -> BranchId:
    """Add a branch.

    :raises AlreadyExists: the company has a branch of that name
    :raises InvalidValue: nothing was written
    """
    branch_id = await rows.insert(
        connection, "branch", company_id=company_id, name=values.name(name, "name")
    )
    return BranchId(branch_id)


async def update(
    *,
    company_id: CompanyId,
    branch_id: BranchId,
    expected_version: int,
    changes: Mapping[str, object],
) -> BranchId:
    """Change a branch; see `alter`."""
    async with access.tenant(company_id) as connection:
        return await alter(
            connection,
            company_id=company_id,
            branch_id=branch_id,
            expected_version=expected_version,
            changes=changes,
        )


async def alter(
    connection: Connection,
    *,
    company_id: CompanyId,
    branch_id: BranchId,
    expected_version: int,
    changes: Mapping[str, object],
) -> BranchId:
    """Change a branch. changes: `name`, if it is to change.

    :raises StaleVersion, NotThere, AlreadyExists, InvalidValue: nothing was written
    """
    await rows.change(
        connection,
        "branch",
        company_id=company_id,
        row_id=branch_id,
        expected_version=expected_version,
        changes=checked(changes, CHECKS),
    )
    return branch_id


async def set_active(
    *, company_id: CompanyId, branch_id: BranchId, expected_version: int, active: bool
) -> BranchId:
    """Retire a branch, or take it into use again; its history stays either way.

    :raises InUse: it has active fields
    :raises StaleVersion, NotThere: nothing was written
    """
    async with access.tenant(company_id) as connection:
        await activity.set_active(
            connection,
            activity.BRANCH,
            company_id=company_id,
            row_id=branch_id,
            expected_version=expected_version,
            active=active,
        )
    return branch_id

"""Branches of a company: adding, renaming, retiring."""

from collections.abc import Mapping

from db import access
from db.ids import BranchId, CompanyId
from domain import rows, values
from domain.refusals import InUse

ACTIVE_FIELD = "select true from field where company_id = $1 and branch_id = $2 and active limit 1"


async def create(*, company_id: CompanyId, name: str) -> BranchId:
    """Add a branch.

    :raises AlreadyExists: the company has a branch of that name
    """
    async with access.tenant(company_id) as connection:
        branch_id = await rows.insert(
            connection, "branch", company_id=company_id, name=values.name(name, "name")
        )
    return BranchId(branch_id)


async def update(
    *,
    company_id: CompanyId,
    branch_id: BranchId,
    expected_version: int,
    changes: Mapping[str, str],
) -> BranchId:
    """Change a branch. changes: `name`, if it is to change.

    :raises StaleVersion, NotThere, AlreadyExists, InvalidValue: nothing was written
    """
    checked = {field: values.name(text, field) for field, text in changes.items()}
    async with access.tenant(company_id) as connection:
        await rows.change(
            connection,
            "branch",
            company_id=company_id,
            row_id=branch_id,
            expected_version=expected_version,
            changes=checked,
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
        # The row goes first: whoever adds a field to the branch waits for it.
        await rows.change(
            connection,
            "branch",
            company_id=company_id,
            row_id=branch_id,
            expected_version=expected_version,
            changes={"active": active},
        )
        if not active and await connection.fetchval(ACTIVE_FIELD, company_id, branch_id):
            raise InUse("id")
    return branch_id

"""Retiring what nothing active depends on, and taking it into use again. History stays."""

from dataclasses import dataclass

from db.access import Connection
from db.ids import CompanyId
from domain import rows
from domain.hierarchy import parents
from domain.refusals import InUse, NotThere


@dataclass(frozen=True, slots=True)
class Use:
    """What a row of `table` needs to be in use, and what keeps it from being retired.

    parent: the table of what it belongs to, if that can be retired.
    dependent: SQL that finds something active that depends on it, of company $1 and row $2.
    """

    table: str
    parent: str | None
    dependent: str


BRANCH = Use(
    "branch",
    None,
    "select true from field where company_id = $1 and branch_id = $2 and active limit 1",
)
FIELD = Use(
    "field",
    "branch",
    "select true from collector where company_id = $1 and field_id = $2 and active"
    " union all select true from account a"
    " join premises p on p.company_id = a.company_id and p.id = a.premises_id"
    " where p.company_id = $1 and p.field_id = $2 and a.closed_at is null limit 1",
)
COLLECTOR = Use(
    "collector",
    "field",
    "select true from rf_module where company_id = $1 and collector_id = $2 and active limit 1",
)
RF_MODULE = Use(
    "rf_module",
    "collector",
    "select true from meter where company_id = $1 and rf_module_id = $2 and active limit 1",
)
METER = Use(
    "meter",
    "rf_module",
    "select true from mounting where company_id = $1 and meter_id = $2 and ended_at is null"
    " limit 1",
)


async def set_active(
    connection: Connection,
    use: Use,
    *,
    company_id: CompanyId,
    row_id: int,
    expected_version: int,
    active: bool,
) -> None:
    """Take a row out of use or into it.

    :raises InUse: something active depends on it
    :raises ParentInactive: what it belongs to is not in use itself
    :raises StaleVersion, NotThere: nothing was written
    """
    if active and use.parent is not None:
        await _hold_parent(connection, use.table, use.parent, company_id, row_id)
    # The row goes first: whoever adds something to it waits for it.
    await rows.change(
        connection,
        use.table,
        company_id=company_id,
        row_id=row_id,
        expected_version=expected_version,
        changes={"active": active},
    )
    if not active and await connection.fetchval(use.dependent, company_id, row_id):
        raise InUse("id")


async def _hold_parent(
    connection: Connection, table: str, parent: str, company_id: CompanyId, row_id: int
) -> None:
    # If it is moved meanwhile, its version is another.
    parent_id = await connection.fetchval(
        f"select {parent}_id from {table} where company_id = $1 and id = $2", company_id, row_id
    )
    if parent_id is None:
        raise NotThere
    await parents.hold_active(connection, parent, company_id=company_id, row_id=parent_id)

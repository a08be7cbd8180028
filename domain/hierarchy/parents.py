"""Holding on to what something new is to belong to."""

from db.access import Connection
from db.ids import CompanyId
from domain.refusals import NotThere, ParentInactive


async def hold_active(
    connection: Connection, table: str, *, company_id: CompanyId, row_id: int, alone: bool = False
) -> None:
    """Keep a row in use until the transaction ends; who would retire it waits.

    alone: who would hold it as well waits, too.

    :raises NotThere: the company has no such row
    :raises ParentInactive: it is not in use
    """
    lock = "no key update" if alone else "share"
    active = await connection.fetchval(
        f"select active from {table} where company_id = $1 and id = $2 for {lock}",
        company_id,
        row_id,
    )
    if active is None:
        raise NotThere
    if not active:
        raise ParentInactive(f"{table}_id")

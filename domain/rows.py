"""Adding and changing one row, with what the database refuses said in words of the domain.

Names of tables and columns are always constants of ours; values are always parameters.
"""

from collections.abc import Mapping

import asyncpg

from db.access import Connection
from db.ids import CompanyId
from domain.refusals import AlreadyExists, NotThere, StaleVersion

UNIQUE_SUFFIX = "_once"


async def insert(
    connection: Connection, table: str, *, returning: str = "id", **columns: object
) -> int:
    """Add a row.

    :raises AlreadyExists: another row has the same name; constraints are named for what is unique
    :raises NotThere: the company has no row that a column names
    """
    names = ", ".join(columns)
    slots = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    statement = f"insert into {table} ({names}) values ({slots}) returning {returning}"
    try:
        return int(await connection.fetchval(statement, *columns.values()))
    except asyncpg.UniqueViolationError as error:
        raise AlreadyExists(_unique_column(error)) from error
    except asyncpg.ForeignKeyViolationError as error:
        raise NotThere from error


async def change(
    connection: Connection,
    table: str,
    *,
    company_id: CompanyId,
    row_id: int,
    expected_version: int,
    changes: Mapping[str, object],
) -> None:
    """Change some columns of a row that is still as the caller saw it.

    :raises NotThere: the company has no such row, or none that a column names
    :raises StaleVersion: somebody changed it since
    :raises AlreadyExists: another row has the same name
    """
    assignments = "".join(f"{name} = ${n}, " for n, name in enumerate(changes, start=4))
    statement = (
        f"update {table} set {assignments}version = version + 1"
        " where company_id = $1 and id = $2 and version = $3 returning version"
    )
    try:
        changed = await connection.fetchval(
            statement, company_id, row_id, expected_version, *changes.values()
        )
    except asyncpg.UniqueViolationError as error:
        raise AlreadyExists(_unique_column(error)) from error
    except asyncpg.ForeignKeyViolationError as error:
        raise NotThere from error
    if changed is None:
        await _explain_miss(connection, table, company_id=company_id, row_id=row_id)


async def change_once(
    connection: Connection,
    table: str,
    *,
    company_id: CompanyId,
    row_id: int,
    expected_version: int,
    changes: Mapping[str, object],
) -> bool:
    """Change a row as `change` does, unless it is what this very change made of it.

    Returns whether it was changed: a retry changes nothing.
    """
    row = await connection.fetchrow(
        f"select * from {table} where company_id = $1 and id = $2 and version = $3",
        company_id,
        row_id,
        expected_version + 1,
    )
    if row is not None and all(row[name] == value for name, value in changes.items()):
        return False
    await change(
        connection,
        table,
        company_id=company_id,
        row_id=row_id,
        expected_version=expected_version,
        changes=changes,
    )
    return True


async def overwrite(
    connection: Connection,
    table: str,
    *,
    key: Mapping[str, object],
    changes: Mapping[str, object],
) -> None:
    """Change some columns of rows that have no version of their own.

    :raises NotThere: no row has the key
    :raises AlreadyExists: another row is called that
    """
    assignments = ", ".join(f"{name} = ${n}" for n, name in enumerate(changes, start=1))
    which = " and ".join(f"{name} = ${n}" for n, name in enumerate(key, start=len(changes) + 1))
    try:
        status = await connection.execute(
            f"update {table} set {assignments} where {which}", *changes.values(), *key.values()
        )
    except asyncpg.UniqueViolationError as error:
        raise AlreadyExists(_unique_column(error)) from error
    if status == "UPDATE 0":
        raise NotThere


async def _explain_miss(
    connection: Connection, table: str, *, company_id: CompanyId, row_id: int
) -> None:
    there = await connection.fetchval(
        f"select true from {table} where company_id = $1 and id = $2", company_id, row_id
    )
    raise StaleVersion(row_id) if there else NotThere


def _unique_column(error: asyncpg.UniqueViolationError) -> str:
    """Return what has to be unique: the last word of `branch_name_once`, say."""
    constraint = str(error.constraint_name)
    return constraint.removesuffix(UNIQUE_SUFFIX).rpartition("_")[2]

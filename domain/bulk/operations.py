"""The domain's own operations as what makes and changes a kind's rows."""

from collections.abc import Awaitable, Callable

from db.access import Connection
from domain.bulk.kind import Change, Creation


def made_by(
    add: Callable[..., Awaitable[int]], **unless_said: object
) -> Callable[[Connection, Creation], Awaitable[int]]:
    """Return what makes a row by an operation that takes what the columns say as it stands.

    unless_said: what it gets for columns that say nothing.
    """

    async def create(connection: Connection, new: Creation) -> int:
        values = {**unless_said, **new.values}
        return await add(connection, company_id=new.company_id, **values)

    return create


def changed_by(
    alter: Callable[..., Awaitable[object]], parameter: str
) -> Callable[[Connection, Change], Awaitable[object]]:
    """Return what changes a row by an operation that calls the row's id `parameter`."""

    async def change(connection: Connection, change: Change) -> object:
        return await alter(
            connection,
            company_id=change.company_id,
            expected_version=change.version,
            changes=change.changes,
            **{parameter: change.row_id},
        )

    return change

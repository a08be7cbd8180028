"""Fields that lead from one object to others, made from what the domain knows of its tables."""

from collections.abc import Awaitable, Callable
from typing import Any

import strawberry

from api.context import Info
from api.permissions.requires import requires
from api.schema.node import Node, node_type
from api.schema.paging import Connection, Paged
from db.enums import Scope
from domain import listing
from domain.listing import Listing, Relation, Wall, Window


def listed(rows: Listing, description: str, *, scope: Scope) -> Any:
    """Return a field with a page of all rows that the caller may see."""

    async def resolve(info: Info, window: Window) -> Any:
        return await behind(info.context.loaders.reach.wall, rows, info, window)

    return _paged(resolve, rows, description, scope)


def children(relation: Relation, description: str, *, scope: Scope) -> Any:
    """Return a field with a page of the rows that belong to the object."""

    async def resolve(root: Node, info: Info, window: Window) -> Any:
        loaders, rows = info.context.loaders, relation.listing
        page = await loaders.page(relation, window).load(root.row_id)
        counts = loaders.count(relation, window.where)
        return Connection.of(page, rows, lambda: counts.load(root.row_id))

    return _paged(resolve, relation.listing, description, scope)


def belongs_to(rows: Listing, column: str, description: str, *, scope: Scope) -> Any:
    """Return a field with the object that a column of this one's row names."""

    async def row_id(root: Node, _: Info) -> int | None:
        found: int | None = root.row[column]
        return found

    return related(rows, row_id, description, scope=scope)


def related(
    rows: Listing,
    row_id: Callable[[Any, Info], Awaitable[int | None]],
    description: str,
    *,
    scope: Scope,
) -> Any:
    """Return a field with the object whose id `row_id` finds; null when there is none."""

    async def resolve(root: Node, info: Info) -> Any:
        found_id = await row_id(root, info)
        if found_id is None:
            return None
        row = await info.context.loaders.row(rows).load(found_id)
        return None if row is None else node_type(rows).of(row)

    return strawberry.field(
        resolver=_untyped(resolve), description=description, extensions=[requires(scope)]
    )


async def behind(wall: Wall, rows: Listing, info: Info, window: Window) -> Any:
    """Return a page of all rows behind a wall, which is the caller's or a narrower one."""
    reach = info.context.loaders.reach

    async def count() -> int:
        async with reach.connection() as connection:
            return await listing.count(connection, rows, wall=wall, where=window.where)

    async with reach.connection() as connection:
        page = await listing.page(connection, rows, window=window, wall=wall)
    return Connection.of(page, rows, count)


def _paged(resolve: Callable[..., Any], rows: Listing, description: str, scope: Scope) -> Any:
    # The last extension is the outermost: a refused caller's arguments are not looked at.
    return strawberry.field(
        resolver=_untyped(resolve),
        description=description,
        extensions=[Paged(rows), requires(scope)],
    )


def _untyped(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """Return the resolver without a return type: the attribute that takes the field has it."""
    del resolve.__annotations__["return"]
    return resolve

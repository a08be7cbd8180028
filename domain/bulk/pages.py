"""All objects of a kind that somebody sees, a page at a time by key."""

from collections.abc import Mapping, Sequence
from typing import Any

from db.access import Connection
from domain.bulk.kind import Kind
from domain.bulk.known import View, with_sealed
from domain.listing import fetch

PAGE_ROWS_MAX = 1_000

Place = Sequence[Any]


def order_of(kind: Kind) -> tuple[str, ...]:
    """Return the columns that rows are ordered by, which tell any two apart."""
    return (*kind.key, *kind.lines[:1])


async def page(
    connection: Connection, kind: Kind, *, view: View, after: Place | None
) -> list[dict[str, Any]]:
    """Return up to a thousand rows behind the place that `place_of` says of a row."""
    columns = order_of(kind)
    order = ", ".join(f"t.{name}" for name in columns)
    slots = ", ".join(f"{{after_{name}}}::text" for name in columns)
    behind = "" if after is None else f" where ({order}) > ({slots})"
    query = f"select * from ({_seen(kind, view)}) t{behind} order by {order} limit {{limit}}"
    values = dict(zip((f"after_{name}" for name in columns), after or (), strict=False))
    rows = await fetch(connection, query, {**view.values, **values, "limit": PAGE_ROWS_MAX})
    shown = {column.name for column in kind.columns_for(view.asker.scopes)}
    is_opened = not shown.isdisjoint(kind.sealed)
    return await with_sealed(connection, kind, rows, view=view, is_opened=is_opened)


def place_of(kind: Kind, row: Mapping[str, Any]) -> Place:
    return [row[name] for name in order_of(kind)]


async def count(connection: Connection, kind: Kind, *, view: View) -> int:
    query = f"select count(*) as n from ({_seen(kind, view)}) t"
    rows = await fetch(connection, query, view.values)
    return int(rows[0]["n"])


def _seen(kind: Kind, view: View) -> str:
    return f"{kind.source} and {view.of(kind)}"

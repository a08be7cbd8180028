"""Reading rows of one table: by id, or a page at a time by key, never by offset.

Conditions are texts of SQL in which `{name}` stands for a value; nothing a client says is ever part
of the text. Every query names the company.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from db.access import Connection

Record = asyncpg.Record
Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows of `table`, ordered by `key` and then by id.

    key: an expression of SQL that is a text.
    columns: what to select, as SQL; each keeps its name or is given one.
    company_column: where the company stands; None for what the platform has, of all companies.
    """

    table: str
    columns: Sequence[str]
    key: str
    company_column: str | None = "company_id"


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows that belong to a row of another table: `link` says how, of `parent.id`."""

    listing: Listing
    link: str


@dataclass(frozen=True, slots=True)
class Wall:
    """Who asks: the condition that each table's rows must meet, and the values it speaks of.

    values: at the least `company` and `now`.
    """

    condition: Callable[[str], str]
    values: Values


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands in its listing."""

    key: str
    id: int


@dataclass(frozen=True, slots=True)
class Window:
    """Up to `size` rows between two places, nearest to `after`, or to `before` if `backward`."""

    size: int
    backward: bool = False
    after: Place | None = None
    before: Place | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in their order, and whether there are more before and behind."""

    rows: Sequence[Record]
    has_previous: bool
    has_next: bool


def bound(template: str, values: Values) -> tuple[str, list[object]]:
    """Return the text with numbered parameters, and their arguments."""
    numbers = _Numbers()
    text = template.format_map(numbers)
    return text, [values[name] for name in numbers]


class _Numbers(dict[str, str]):
    def __missing__(self, name: str) -> str:
        self[name] = f"${len(self) + 1}"
        return self[name]


async def fetch(connection: Connection, template: str, values: Values) -> list[Record]:
    text, arguments = bound(template, values)
    return await connection.fetch(text, *arguments)


async def by_ids(
    connection: Connection, listing: Listing, ids: Sequence[int], *, wall: Wall
) -> dict[int, Record]:
    """Return the rows among `ids` that the wall lets through, by id."""
    template = f"{_select(listing, wall)} and {listing.table}.id = any({{ids}}::int8[])"
    rows = await fetch(connection, template, {**wall.values, "ids": list(ids)})
    return {row["id"]: row for row in rows}


async def page(connection: Connection, listing: Listing, *, window: Window, wall: Wall) -> Page:
    """Return a page of all that the wall lets through."""
    template = f"{_select(listing, wall)}{_between(listing, window)}{_order(listing, window)}"
    rows = await fetch(connection, template, {**wall.values, **_values(window)})
    return _page(rows, window)


async def pages(
    connection: Connection,
    relation: Relation,
    parent_ids: Sequence[int],
    *,
    window: Window,
    wall: Wall,
) -> dict[int, Page]:
    """Return each parent's page, in one query; parents without rows have an empty one."""
    listing = relation.listing
    inner = f"{_select(listing, wall)} and {relation.link}{_between(listing, window)}"
    template = (
        "select parent.id as parent_id, child.* from unnest({parents}::int8[]) as parent(id)"
        f" cross join lateral ({inner}{_order(listing, window)}) child"
        f" order by parent.id, child.key {_direction(window)}, child.id {_direction(window)}"
    )
    values = {**wall.values, **_values(window), "parents": list(parent_ids)}
    found: dict[int, list[Record]] = defaultdict(list)
    for row in await fetch(connection, template, values):
        found[row["parent_id"]].append(row)
    return {parent_id: _page(found[parent_id], window) for parent_id in parent_ids}


async def count(connection: Connection, listing: Listing, *, wall: Wall) -> int:
    template = f"select count(*) as n{_from(listing, wall)}"
    rows = await fetch(connection, template, wall.values)
    return int(rows[0]["n"])


async def counts(
    connection: Connection, relation: Relation, parent_ids: Sequence[int], *, wall: Wall
) -> dict[int, int]:
    """Return how many rows each parent has, in one query."""
    template = (
        "select parent.id, child.n from unnest({parents}::int8[]) as parent(id) cross join lateral"
        f" (select count(*) as n{_from(relation.listing, wall)} and {relation.link}) child"
    )
    rows = await fetch(connection, template, {**wall.values, "parents": list(parent_ids)})
    return {row["id"]: row["n"] for row in rows}


def _select(listing: Listing, wall: Wall) -> str:
    # `key` is selected under its own name too, so that a page can be cut without knowing it.
    columns = ", ".join([*listing.columns, f"{listing.key} as key"])
    return f"select {columns}{_from(listing, wall)}"


def _from(listing: Listing, wall: Wall) -> str:
    table, column = listing.table, listing.company_column
    own = "true" if column is None else f"{table}.{column} = {{company}}"
    return f" from {table} where {own} and {wall.condition(table)}"


def _between(listing: Listing, window: Window) -> str:
    place = f"({listing.key}, {listing.table}.id)"
    after = f" and {place} > ({{after_key}}::text, {{after_id}}::int8)" if window.after else ""
    before = f" and {place} < ({{before_key}}::text, {{before_id}}::int8)" if window.before else ""
    return after + before


def _order(listing: Listing, window: Window) -> str:
    way = _direction(window)
    return f" order by {listing.key} {way}, {listing.table}.id {way} limit {{limit}}"


def _direction(window: Window) -> str:
    return "desc" if window.backward else "asc"


def _values(window: Window) -> dict[str, Any]:
    # One row more than asked tells whether there are more.
    values: dict[str, Any] = {"limit": window.size + 1}
    for name, place in (("after", window.after), ("before", window.before)):
        if place is not None:
            values |= {f"{name}_key": place.key, f"{name}_id": place.id}
    return values


def _page(rows: Sequence[Record], window: Window) -> Page:
    more = len(rows) > window.size
    kept = list(rows[: window.size])
    if window.backward:
        return Page(kept[::-1], has_previous=more, has_next=window.before is not None)
    return Page(kept, has_previous=window.after is not None, has_next=more)

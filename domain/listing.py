"""Reading rows of one table: by id, or a page at a time by their places, never by offset.

Conditions are texts of SQL in which `{name}` stands for a value; nothing a client says is ever part
of the text. Every query names the company.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from db.access import Connection
from db.ids import CompanyId
from domain.facets import Facet
from domain.filters import EVERYTHING, Condition, written
from domain.orders import (
    ID,
    By,
    Order,
    Place,
    beyond,
    keys,
    order_by,
    order_selected,
    place_of,
    values_of,
)

Record = asyncpg.Record
Values = Mapping[str, object]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Listing:
    """Rows of `table`.

    columns: what to select, as SQL; each keeps its name or is given one by a last `as`.
    facets: what the rows are filtered and ordered by.
    order: the facet that orders them unless somebody asks for another order.
    newest_first: whether it does so from its end.
    company_column: where the company stands; None for what the platform has, of all companies.
    """

    table: str
    columns: Sequence[str]
    facets: Sequence[Facet]
    order: str
    newest_first: bool = False
    company_column: str | None = "company_id"

    @property
    def own_order(self) -> Order:
        return (By(self.facet(self.order), descending=self.newest_first),)

    def named(self, names: Collection[str]) -> list[str]:
        """Return the columns of these names, in their order."""
        return [column for column in self.columns if column.rpartition(" as ")[2] in names]

    def facet(self, name: str) -> Facet:
        """Return the facet of that name.

        :raises KeyError: it has none
        """
        for facet in self.facets:
            if facet.name == name:
                return facet
        raise KeyError(name)


@dataclass(frozen=True, slots=True, eq=False)
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


def no_wall(*, company_id: CompanyId, now: datetime) -> Wall:
    """Return the wall of work that is nobody's question: it hides nothing of the company."""
    return Wall(lambda _: "true", {"company": company_id, "now": now})


@dataclass(frozen=True, slots=True)
class Window:
    """Up to `size` rows between two places, nearest to `after`, or to `before` if `backward`.

    where: which rows count at all. order: None for the listing's own.
    columns: names of those that somebody will look at, besides the id; None: of all.
    """

    size: int
    backward: bool = False
    after: Place | None = None
    before: Place | None = None
    where: Condition = EVERYTHING
    order: Order | None = None
    columns: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in their order, and whether there are more before and behind."""

    rows: Sequence[Record]
    has_previous: bool
    has_next: bool
    order: Order = ()

    def place(self, position: int) -> Place:
        return place_of(self.order, self.rows[position])


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
    table = listing.table
    template = f"{_select(listing, wall)} and {table}.id = any({{ids}}::int8[])"
    rows = await fetch(connection, template, {**wall.values, "ids": list(ids)})
    return {row["id"]: row for row in rows}


async def page(
    connection: Connection,
    listing: Listing,
    *,
    window: Window,
    wall: Wall,
) -> Page:
    """Return a page of what the wall lets through."""
    order = window.order or listing.own_order
    condition, values = written(window.where, listing.table, wall=wall.condition)
    select = _select(listing, wall, order, window.columns)
    template = f"{select} and {condition}{_slice(listing, window, order)}"
    rows = await fetch(connection, template, {**wall.values, **values, **_values(window)})
    return _page(rows, window, order)


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
    order = window.order or listing.own_order
    condition, values = written(window.where, listing.table, wall=wall.condition)
    select = _select(listing, wall, order, window.columns)
    inner = f"{select} and {relation.link} and {condition}"
    template = (
        "select parent.id as of_parent, child.* from unnest({parents}::int8[]) as parent(id)"
        f" cross join lateral ({inner}{_slice(listing, window, order)}) child"
        f" order by parent.id, {order_selected(order, 'child', backward=window.backward)}"
    )
    values = {**wall.values, **values, **_values(window), "parents": list(parent_ids)}
    found: dict[int, list[Record]] = defaultdict(list)
    for row in await fetch(connection, template, values):
        found[row["of_parent"]].append(row)
    return {parent_id: _page(found[parent_id], window, order) for parent_id in parent_ids}


async def count(
    connection: Connection, listing: Listing, *, wall: Wall, where: Condition = EVERYTHING
) -> int:
    condition, values = written(where, listing.table, wall=wall.condition)
    template = f"select count(*) as n{_from(listing, wall)} and {condition}"
    rows = await fetch(connection, template, {**wall.values, **values})
    return int(rows[0]["n"])


async def counts(
    connection: Connection,
    relation: Relation,
    parent_ids: Sequence[int],
    *,
    wall: Wall,
    where: Condition = EVERYTHING,
) -> dict[int, int]:
    """Return how many rows each parent has, in one query."""
    listing = relation.listing
    condition, values = written(where, listing.table, wall=wall.condition)
    template = (
        "select parent.id, child.n from unnest({parents}::int8[]) as parent(id) cross join lateral"
        f" (select count(*) as n{_from(listing, wall)} and {relation.link} and {condition}) child"
    )
    values = {**wall.values, **values, "parents": list(parent_ids)}
    rows = await fetch(connection, template, values)
    return {row["id"]: row["n"] for row in rows}


def _select(
    listing: Listing, wall: Wall, order: Order = (), names: frozenset[str] | None = None
) -> str:
    columns = listing.columns if names is None else listing.named(names | {ID})
    return f"select {', '.join([*columns, *keys(order)])}{_from(listing, wall)}"


def _from(listing: Listing, wall: Wall) -> str:
    table, column = listing.table, listing.company_column
    own = "true" if column is None else f"{table}.{column} = {{company}}"
    return f" from {table} where {own} and {wall.condition(table)}"


def _slice(listing: Listing, window: Window, order: Order) -> str:
    """Return what cuts the window's rows out of the list."""
    table = listing.table
    conditions = ""
    if window.after is not None:
        conditions += " and " + beyond(order, table, window.after, backward=False, prefix="after")
    if window.before is not None:
        conditions += " and " + beyond(order, table, window.before, backward=True, prefix="before")
    return (
        f"{conditions} order by {order_by(order, table, backward=window.backward)} limit {{limit}}"
    )


def _values(window: Window) -> dict[str, object]:
    # One row more than asked tells whether there are more.
    values: dict[str, object] = {"limit": window.size + 1}
    for prefix, place in (("after", window.after), ("before", window.before)):
        if place is not None:
            values |= values_of(place, prefix=prefix)
    return values


def _page(rows: Sequence[Record], window: Window, order: Order) -> Page:
    more = len(rows) > window.size
    kept = list(rows[: window.size])
    if window.backward:
        return Page(kept[::-1], more, window.before is not None, order)
    return Page(kept, window.after is not None, more, order)

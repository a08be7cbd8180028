"""In which order a list comes, and what comes behind a place in it: by values, never by offset.

The id is always the last to decide, so that no two rows stand at the same place. Nothing counts as
more than any value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg

from domain.facets import Facet

ID = "id"


@dataclass(frozen=True, slots=True)
class By:
    """One thing that decides an order."""

    facet: Facet
    descending: bool = False


Order: TypeAlias = tuple[By, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: its value of each thing that decides, and its id."""

    values: tuple[object, ...]
    id: int


@dataclass(frozen=True, slots=True)
class _Term:
    """One thing that decides, in SQL. name: of its value in a row and among the parameters."""

    name: str
    expression: str
    sql_type: str
    descending: bool
    nullable: bool = False

    def flipped(self) -> "_Term":
        return _Term(self.name, self.expression, self.sql_type, not self.descending, self.nullable)


def name_of(order: Order) -> str:
    """Return a name that two orders share only when they are the same."""
    return ",".join(("-" if by.descending else "") + by.facet.name for by in order)


def keys(order: Order) -> list[str]:
    """Return what to select for `place_of`."""
    return [f"{by.facet.expression} as key_{position}" for position, by in enumerate(order)]


def place_of(order: Order, row: asyncpg.Record) -> Place:
    return Place(tuple(row[f"key_{position}"] for position in range(len(order))), row[ID])


def order_by(order: Order, table: str, *, backward: bool) -> str:
    """Return the list of expressions that puts rows of `table` in order, from its end if so."""
    return _listed(_terms(order, table, backward=backward))


def order_selected(order: Order, alias: str, *, backward: bool) -> str:
    """Return the same for rows that `keys` were selected of, under an alias."""
    terms = _terms(order, alias, backward=backward)
    keyed = [f"{alias}.key_{position}" for position in range(len(order))] + [f"{alias}.{ID}"]
    return ", ".join(f"{key} {_way(term)}" for key, term in zip(keyed, terms, strict=True))


def beyond(order: Order, table: str, place: Place, *, backward: bool, prefix: str) -> str:
    """Return the condition of rows behind a place, or before it if `backward`.

    prefix: of the names of its parameters, which `values` gives.
    """
    terms = _terms(order, table, backward=backward)
    values = [*place.values, place.id]
    names = [f"{{{prefix}_{term.name}}}::{term.sql_type}" for term in terms]
    if len({term.descending for term in terms}) == 1 and not any(term.nullable for term in terms):
        # As one comparison of rows it can be the range of an index.
        left = ", ".join(term.expression for term in terms)
        sign = "<" if terms[0].descending else ">"
        return f"({left}) {sign} ({', '.join(names)})"
    ways = []
    for position, term in enumerate(terms):
        equal = [
            _equal(before, name, value)
            for before, name, value in zip(terms[:position], names, values, strict=False)
        ]
        ways.append(" and ".join([*equal, _beyond(term, names[position], values[position])]))
    return "(" + " or ".join(f"({way})" for way in ways) + ")"


def values_of(place: Place, *, prefix: str) -> dict[str, object]:
    """Return the parameters that `beyond` names; those that are nothing have none."""
    named = {f"key_{position}": value for position, value in enumerate(place.values)} | {
        ID: place.id
    }
    return {f"{prefix}_{name}": value for name, value in named.items() if value is not None}


def _terms(order: Order, table: str, *, backward: bool) -> list[_Term]:
    terms = [
        _Term(
            f"key_{position}",
            by.facet.expression,
            by.facet.sql_type,
            by.descending,
            by.facet.nullable,
        )
        for position, by in enumerate(order)
    ]
    # Going the way of the last one, the id leaves a descending order one that an index has too.
    terms.append(_Term(ID, f"{table}.{ID}", "int8", terms[-1].descending))
    return [term.flipped() for term in terms] if backward else terms


def _listed(terms: Sequence[_Term]) -> str:
    # PostgreSQL puts nulls last, and first when descending, as they are more than any value here.
    return ", ".join(f"{term.expression} {_way(term)}" for term in terms)


def _way(term: _Term) -> str:
    return "desc" if term.descending else "asc"


def _equal(term: _Term, name: str, value: object) -> str:
    return f"{term.expression} is null" if value is None else f"{term.expression} = {name}"


def _beyond(term: _Term, name: str, value: object) -> str:
    if value is None:
        return f"{term.expression} is not null" if term.descending else "false"
    if term.descending:
        return f"{term.expression} < {name}"
    more = f"{term.expression} > {name}"
    return f"({more} or {term.expression} is null)" if term.nullable else more

"""Facets: what of a table's rows its lists are filtered and ordered by.

They are declared beside the listing. Not here: conditions over them (`domain.filters`), orders
(`domain.orders`).
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from db.enums import Scope


class Kind(StrEnum):
    """What sort of value a facet has.

    MONEY is in millionths. ID is of a row of one table, OBJECT the type and the id of anything.
    """

    TEXT = "text"
    WORD = "word"
    FLAG = "flag"
    WHOLE = "whole"
    NUMBER = "number"
    MONEY = "money"
    INSTANT = "instant"
    DATE = "date"
    ID = "id"
    OBJECT = "object"


# How PostgreSQL has to take a value of each kind.
SQL_TYPES = {
    Kind.TEXT: "text",
    Kind.WORD: "text",
    Kind.FLAG: "bool",
    Kind.WHOLE: "int8",
    Kind.NUMBER: "numeric",
    Kind.MONEY: "int8",
    Kind.INSTANT: "timestamptz",
    Kind.DATE: "date",
    Kind.ID: "int8",
    Kind.OBJECT: "record",
}


@dataclass(frozen=True, slots=True)
class Via:
    """The way from a row to one of `table`, which the caller has to see as well.

    rows: what to select from, as SQL, with `table` in it. link: how it hangs on the listing's row.
    """

    table: str
    rows: str
    link: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Facet:
    """Something of a row that has a name, a kind and an expression of SQL.

    nullable: whether a row may have none; such rows come last, and in a descending order first.
    words: of a WORD. target: the table whose rows an ID is of.
    scope: what one needs to filter or order by it, beyond what its row takes.
    via: how to get to where the expression holds; such a facet does not order.
    is_indexed: whether `rows_containing` knows where its letters are.
    meaning: what it says, if no field of the same name says it.
    """

    name: str
    kind: Kind
    expression: str
    nullable: bool = False
    words: type[StrEnum] | None = None
    target: str | None = None
    scope: Scope | None = None
    via: Via | None = None
    is_indexed: bool = False
    meaning: str | None = None

    @property
    def is_sortable(self) -> bool:
        return self.via is None and self.kind not in (Kind.ID, Kind.OBJECT)

    @property
    def sql_type(self) -> str:
        return SQL_TYPES[self.kind]


def text(column: str, **rest: Any) -> Facet:
    return _facet(Kind.TEXT, column, **rest)


def flag(column: str, **rest: Any) -> Facet:
    return _facet(Kind.FLAG, column, **rest)


def whole(column: str, **rest: Any) -> Facet:
    return _facet(Kind.WHOLE, column, **rest)


def number(column: str, **rest: Any) -> Facet:
    return _facet(Kind.NUMBER, column, **rest)


def money(column: str, **rest: Any) -> Facet:
    return _facet(Kind.MONEY, column, **rest)


def instant(column: str, **rest: Any) -> Facet:
    return _facet(Kind.INSTANT, column, **rest)


def date(column: str, **rest: Any) -> Facet:
    return _facet(Kind.DATE, column, **rest)


def word(column: str, words: type[StrEnum], **rest: Any) -> Facet:
    return _facet(Kind.WORD, column, words=words, **rest)


def id_of(target: str, column: str, **rest: Any) -> Facet:
    """Return the facet of a column that holds the id of a row of `target`."""
    return _facet(Kind.ID, column, target=target, **rest)


def object_of(type_name: str, column: str, **rest: Any) -> Facet:
    """Return the facet of an id of anything; type_name: an expression of SQL."""
    return _facet(Kind.OBJECT, column, expression=f"({type_name}, {column})", **rest)


def _facet(kind: Kind, column: str, **rest: Any) -> Facet:
    """Return the facet of `table.column`, called like the column unless a `name` says otherwise."""
    made = Facet(name=column.rpartition(".")[2], kind=kind, expression=column)
    return replace(made, **rest)


def now_in(period: str) -> str:
    """Return the condition that the wall's `now` is in a row's period.

    Of ranges the planner does not know how many hold an instant, and would expect far too few.
    """
    return (
        f"{period}.started_at <= {{now}}::timestamptz"
        f" and ({period}.ended_at is null or {period}.ended_at > {{now}}::timestamptz)"
    )

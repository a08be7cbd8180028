"""What a kind of object looks like as a table, and what makes and changes one of its rows.

Import and export share it: what is exported can be imported again.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any

from db.access import Connection
from db.enums import Scope
from db.ids import CompanyId
from domain.bulk.readers import Reader, text
from domain.subscribers.keyring import Keyring

Key = tuple[str, ...]
Check = Callable[[Any, str], object]
Opened = Mapping[int, Mapping[str, str | None]]


class Reach(IntEnum):
    """How much of the company one has to be responsible for."""

    FIELD = 1
    BRANCH = 2
    COMPANY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. The operation calls the value `attribute`, which is the column's own name if "".

    check: the operation's own, so that a dry run says no where it would.
    required: without it there is no new object. clearable: an empty cell means that there is none.
    changeable: whether an import may change it of an object that is there already.
    scope: what one needs besides, to see it or to set it.
    """

    name: str
    meaning: str
    example: str
    read: Reader = text
    check: Check | None = None
    required: bool = False
    clearable: bool = False
    changeable: bool = True
    scope: Scope | None = None
    attribute: str = ""

    @property
    def parameter(self) -> str:
        return self.attribute or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Columns that name an object of a kind by its key, which the operation wants as `parameter`.

    in_line: whether each line of an object names its own.
    """

    kind: str
    columns: tuple[str, ...]
    parameter: str
    required: bool = True
    in_line: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """A new row: what its columns say by parameter, and the objects that it names."""

    company_id: CompanyId
    keyring: Keyring
    values: Mapping[str, Any]
    lines: list[dict[str, Any]]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A new row of a file that is being judged: what its columns say, by column.

    lines: what its line columns say, a row each.
    """

    values: Mapping[str, Any]
    lines: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a file says. new: objects of one kind. all: what it says of every kind, by key."""

    company_id: CompanyId
    new: list[Described]
    all: Mapping[str, Mapping[Key, Mapping[str, Any]]]
    now: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why one of several new objects, by its place among them, cannot be: a code, at a column.

    line: by its place, the line of the object that is at fault.
    """

    place: int
    column: str
    code: str
    params: dict[str, str] = field(default_factory=dict)
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An existing row, and what changes of it by parameter."""

    company_id: CompanyId
    keyring: Keyring
    row_id: int
    version: int
    changes: Mapping[str, Any]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of object.

    key: the columns that name one, all of them texts; unique within the company.
    lines: columns that an object has several times, each time in a row of its own.
    source: SQL that selects `id`, `version`, `active` and every column by its name, of {company}.
    wall: the SQL condition on a row of it for a caller who is confined to {fields}.
    reads, writes: the scopes for it. reach: how far the caller's place must reach for changes.
    create, change: None if an import never makes or changes one.
    lock: the statement that locks what several of them share, of a company; before all others.
    prepare: takes the locks that several creations need, in their order.
    judge: what only all new objects together, and the company's others, can show.
    sealed, opened: the columns that are kept sealed, and what opens them, by id.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    source: str
    wall: str
    reads: Scope
    writes: Scope
    create: Callable[[Connection, Creation], Awaitable[object]] | None
    change: Callable[[Connection, Change], Awaitable[object]] | None = None
    references: tuple[Reference, ...] = ()
    lines: tuple[str, ...] = ()
    sealed: tuple[str, ...] = ()
    lock: str | None = None
    prepare: Callable[[Connection, CompanyId, list[Creation]], Awaitable[None]] | None = None
    judge: Callable[[Connection, Judged], Awaitable[list[Verdict]]] | None = None
    opened: Callable[[Connection, CompanyId, Keyring, list[int]], Awaitable[Opened]] | None = None
    reach: Reach = Reach.FIELD
    by_name: Mapping[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})

    @property
    def referring(self) -> frozenset[str]:
        """Return the columns that name other objects."""
        return frozenset(name for one in self.references for name in one.columns)

    def columns_for(self, scopes: frozenset[Scope]) -> list[Column]:
        """Return the columns that somebody with these scopes may see."""
        return [one for one in self.columns if one.scope is None or one.scope in scopes]

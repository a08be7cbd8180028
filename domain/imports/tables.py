"""From a file's sheets to objects that are named and described; what they mean is judged later."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any, TypeGuard
from zoneinfo import ZoneInfo

from domain.bulk.catalogue import KINDS
from domain.bulk.kind import Column, Key, Kind
from domain.imports.faults import Faults
from domain.refusals import InvalidValue
from domain.spreadsheets.cells import Cell, Formula, NumberedRow, Sheet, UnreadableFile
from domain.spreadsheets.files import opened

ROWS_MAX = 50_000
HELP_SHEET = "help"
HEADING_CHARACTERS_MAX = 100
WORD_BREAK = re.compile(r"[\s-]+")
KIND_BY_NAME: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}


@dataclass(slots=True)
class Line:
    """One of the rows of an object that has several."""

    row: int
    values: dict[str, Any]


@dataclass(slots=True)
class Item:
    """An object as the file describes it: the columns that the file has, typed."""

    kind: Kind
    row: int
    values: dict[str, Any]
    lines: list[Line] = field(default_factory=list)

    @property
    def key(self) -> Key:
        return tuple(self.values[name] for name in self.kind.key)


@dataclass(slots=True)
class Tables:
    """What a file holds. items: by kind. columns: which each kind's sheet has.

    named: every key that the file has a row of, also of rows that are at fault.
    """

    items: dict[str, list[Item]] = field(default_factory=dict)
    columns: dict[str, tuple[Column, ...]] = field(default_factory=dict)
    named: dict[str, set[Key]] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    rows: int = 0

    def in_order(self) -> list[Item]:
        """Return the objects so that what one belongs to comes before it."""
        return [
            item for kind in KINDS for item in parents_first(kind, self.items.get(kind.name, []))
        ]


def parents_first(kind: Kind, items: list[Item]) -> list[Item]:
    """Return objects that may belong to one another so that no child comes before its parent."""
    own = next((one for one in kind.references if one.kind == kind.name), None)
    if own is None:
        return items
    by_key: dict[tuple[Any, ...], Item] = {item.key: item for item in items}
    depths: dict[int, int] = {}
    for item in items:
        line: list[Item] = []
        place: Item | None = item
        # Those in a circle are at fault, and come in any order.
        while place is not None and id(place) not in depths:
            depths[id(place)] = 0
            line.append(place)
            place = by_key.get(tuple(place.values.get(name) for name in own.columns))
        above = 0 if place is None else depths[id(place)]
        for depth, one in enumerate(reversed(line), start=above + 1):
            depths[id(one)] = depth
    return sorted(items, key=lambda item: depths[id(item)])


def read(content: bytes, *, kind_name: str | None, zone: ZoneInfo) -> Tables:
    """Return what a file holds, with what is wrong about its cells.

    kind_name: which objects a CSV file has. zone: of times that name no offset.

    :raises UnreadableFile: it cannot be read at all
    """
    tables = Tables()
    with opened(content, sheet_name=kind_name) as sheets:
        for sheet in sheets:
            _read_sheet(tables, sheet, zone)
    return tables


def _read_sheet(tables: Tables, sheet: Sheet, zone: ZoneInfo) -> None:
    name = _word(sheet.name)
    rows = sheet.rows()
    header = None if name == HELP_SHEET else next(rows, None)
    if header is None:
        return
    kind = KIND_BY_NAME.get(name)
    if kind is None:
        known = ", ".join(KIND_BY_NAME)
        tables.faults.add("UNKNOWN_SHEET", sheet=sheet.name, known=known)
    elif name in tables.columns:
        tables.faults.add("DUPLICATE_SHEET", sheet=sheet.name)
    else:
        columns = _columns(tables.faults, kind, header)
        tables.columns[name] = tuple(column for column in columns if column is not None)
        tables.named[name] = set()
        headed = frozenset(place for place, cell in enumerate(header.cells) if cell is not None)
        reader = _SheetReader(tables, kind, columns, zone, headed)
        tables.items[name] = list(reader.items(rows))


def _columns(faults: Faults, kind: Kind, header: NumberedRow) -> list[Column | None]:
    """Return the column at each place of the header; None where there is none of ours."""
    columns: list[Column | None] = []
    names = [_word(cell) if isinstance(cell, str) else "" for cell in header.cells]
    # Without any that is known this may be somebody's data, which faults must not keep.
    is_heading = not kind.by_name.keys().isdisjoint(names)
    for place, (cell, name) in enumerate(zip(header.cells, names, strict=True)):
        column = kind.by_name.get(name)
        if column is None and cell is not None:
            known = ", ".join(kind.by_name)
            shown = cell if is_heading and _is_word(cell) else _letters(place)
            faults.add(
                "UNKNOWN_COLUMN", sheet=kind.name, row=header.number, column=shown, known=known
            )
        elif column is not None and column in columns:
            faults.add("DUPLICATE_COLUMN", sheet=kind.name, row=header.number, column=name)
        columns.append(column)
    for name in kind.key:
        if kind.by_name[name] not in columns:
            faults.add("MISSING_COLUMN", sheet=kind.name, row=header.number, column=name)
    return columns


class _SheetReader:
    """Reads the rows of one kind's sheet. headed: the places that have a heading."""

    def __init__(
        self,
        tables: Tables,
        kind: Kind,
        columns: list[Column | None],
        zone: ZoneInfo,
        headed: frozenset[int],
    ) -> None:
        self._tables = tables
        self._kind = kind
        self._columns = columns
        self._zone = zone
        self._headed = headed
        self._first: dict[Key, Item] = {}

    def items(self, rows: Iterable[NumberedRow]) -> Iterator[Item]:
        """Yield the objects whose rows are sound."""
        for row in rows:
            self._tables.rows += 1
            if self._tables.rows > ROWS_MAX:
                raise UnreadableFile("TOO_MANY_ROWS", maximum=ROWS_MAX)
            faults_before = self._tables.faults.count
            values = self._values(row)
            if self._tables.faults.count == faults_before:
                self._check_key(row.number, values)
            item = self._item(row.number, values)
            if item is not None and self._tables.faults.count == faults_before:
                yield item

    def _check_key(self, row: int, values: dict[str, Any]) -> None:
        for name in self._kind.key:
            if values.get(name) is None and self._kind.by_name[name] in self._columns:
                self._fault("REQUIRED", row, name)

    def _item(self, row: int, values: dict[str, Any]) -> Item | None:
        """Return the row's object if it begins one; a further line goes to its object."""
        if any(values.get(name) is None for name in self._kind.key):
            return None
        line = {name: values.pop(name) for name in self._kind.lines if name in values}
        item = Item(self._kind, row, values, [Line(row, line)] if line else [])
        first = self._first.setdefault(item.key, item)
        self._tables.named[self._kind.name].add(item.key)
        if first is item:
            return item
        if not self._kind.lines:
            self._fault("DUPLICATE_ROW", row, self._kind.key[-1], first=first.row)
        elif different := [name for name, value in values.items() if first.values[name] != value]:
            self._fault("DIFFERS_FROM_ROW", row, different[0], first=first.row)
        first.lines += item.lines
        return None

    def _values(self, row: NumberedRow) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for place, cell in enumerate(row.cells):
            column = self._columns[place] if place < len(self._columns) else None
            if column is not None:
                values[column.name] = self._value(row.number, column, cell)
            elif cell is not None and place not in self._headed:
                self._fault("NO_COLUMN", row.number, None)
        # Rows of a workbook end with their last cell.
        missing = [one for one in self._columns[len(row.cells) :] if one is not None]
        return {**values, **{column.name: None for column in missing}}

    def _value(self, row: int, column: Column, cell: Cell) -> Any:
        if cell is None:
            return None
        if isinstance(cell, Formula):
            self._fault("FORMULA", row, column.name)
            return None
        try:
            value = column.read(cell, self._zone)
            # Its check may trim it; what it returns is what would be stored.
            return value if column.check is None else _plain(column.check(value, column.name))
        except InvalidValue as error:
            self._fault("INVALID_VALUE", row, column.name, **error.facts)
            return None

    def _fault(self, code: str, row: int, column: str | None, **params: object) -> None:
        self._tables.faults.add(code, sheet=self._kind.name, row=row, column=column, **params)


def _plain(value: Any) -> Any:
    """Return a value as the company's own rows show it: addresses are texts there."""
    return str(value) if type(value).__module__ == "ipaddress" else value


def _word(text: str) -> str:
    return WORD_BREAK.sub("_", text.strip().lower())


def _is_word(cell: Cell) -> TypeGuard[str]:
    return isinstance(cell, str) and cell.isprintable() and len(cell) <= HEADING_CHARACTERS_MAX


def _letters(place: int) -> str:
    """Return what spreadsheet programs call a column: A, B, …, Z, AA."""
    earlier, letter = divmod(place, len(ascii_uppercase))
    return (_letters(earlier - 1) if earlier else "") + ascii_uppercase[letter]

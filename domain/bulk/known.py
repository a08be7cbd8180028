"""What the company has already, by the keys that files name objects by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from db.access import Connection
from db.ids import CompanyId
from domain.bulk.kind import Key, Kind
from domain.listing import Record, fetch
from domain.longwork.jobs import Asker
from domain.subscribers.keyring import Keyring

KEYS_AT_ONCE_MAX = 5_000

FIELDS_OF_BRANCH = (
    "select w.id from field w where w.company_id = {company} and w.branch_id = {branch}::int8"
)
ONE_FIELD = "select {field}::int8"


@dataclass(frozen=True, slots=True)
class View:
    """What somebody sees: the company, or the fields of a branch, or one field of it.

    keyring: opens and seals what is kept of people.
    """

    company_id: CompanyId
    asker: Asker
    keyring: Keyring

    @property
    def values(self) -> dict[str, object]:
        return {
            "company": self.company_id,
            "branch": self.asker.branch_id,
            "field": self.asker.field_id,
        }

    def of(self, kind: Kind) -> str:
        """Return the condition that a row of the kind's source is seen."""
        if self.asker.field_id is not None:
            return kind.wall.replace("{fields}", ONE_FIELD)
        if self.asker.branch_id is not None:
            return kind.wall.replace("{fields}", FIELDS_OF_BRANCH)
        return "true"


@dataclass(slots=True)
class Existing:
    """An object that is there. record: its columns. is_seen: whether the asker may know of it."""

    record: dict[str, Any]
    is_seen: bool
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def id(self) -> int:
        return int(self.record["id"])


async def known(
    connection: Connection,
    kind: Kind,
    keys: Iterable[Key],
    *,
    view: View,
    columns: Iterable[str] = (),
) -> dict[Key, Existing]:
    """Return those of the named objects that are there.

    columns: which columns are looked at; those that are sealed are opened only then.
    """
    is_opened = not kind.sealed or not set(columns).isdisjoint(kind.sealed)
    wanted = sorted(set(keys))
    found: dict[Key, Existing] = {}
    for start in range(0, len(wanted), KEYS_AT_ONCE_MAX):
        some = wanted[start : start + KEYS_AT_ONCE_MAX]
        rows = await fetch(connection, _query(kind, view), _values(kind, some, view))
        for record in await with_sealed(connection, kind, rows, view=view, is_opened=is_opened):
            key = tuple(record[name] for name in kind.key)
            existing = found.setdefault(key, Existing(record, record["is_seen"]))
            if kind.lines:
                existing.lines.append({name: record[name] for name in kind.lines})
    return found


async def with_sealed(
    connection: Connection, kind: Kind, rows: list[Record], *, view: View, is_opened: bool
) -> list[dict[str, Any]]:
    """Return rows with their sealed columns, opened if they are to be; opening them is recorded."""
    records: list[dict[str, Any]] = [dict(row) for row in rows]
    if kind.opened is None or not is_opened or not records:
        return [{**dict.fromkeys(kind.sealed), **record} for record in records]
    ids = [record["id"] for record in records]
    found = await kind.opened(connection, view.company_id, view.keyring, ids)
    nothing = dict.fromkeys(kind.sealed)
    return [{**record, **found.get(record["id"], nothing)} for record in records]


def _query(kind: Kind, view: View) -> str:
    names = ", ".join(f"t.{name}" for name in kind.key)
    arrays = ", ".join(f"{{key_{name}}}::text[]" for name in kind.key)
    source = kind.source.replace("select ", f"select {view.of(kind)} as is_seen, ", 1)
    return f"select * from ({source}) t where ({names}) in (select * from unnest({arrays}))"


def _values(kind: Kind, keys: list[Key], view: View) -> Mapping[str, object]:
    columns = {f"key_{name}": [key[place] for key in keys] for place, name in enumerate(kind.key)}
    return {**view.values, **columns}

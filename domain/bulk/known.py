"""What the company has already, by the keys that files name objects by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from db.access import Connection
from db.ids import CompanyId
from domain.bulk.kind import Key, Kind
from domain.listing import Record, fetch
from domain.longwork.jobs import Asker

KEYS_AT_ONCE_MAX = 5_000

FIELDS_OF_BRANCH = (
    "select w.id from field w where w.company_id = {company} and w.branch_id = {branch}::int8"
)
ONE_FIELD = "select {field}::int8"


@dataclass(frozen=True, slots=True)
class View:
    """What somebody sees: the company, or the fields of a branch, or one field of it."""

    company_id: CompanyId
    asker: Asker

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

    record: Record
    is_seen: bool
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def id(self) -> int:
        return int(self.record["id"])


async def known(
    connection: Connection, kind: Kind, keys: Iterable[Key], *, view: View
) -> dict[Key, Existing]:
    """Return those of the named objects that are there."""
    wanted = sorted(set(keys))
    found: dict[Key, Existing] = {}
    for start in range(0, len(wanted), KEYS_AT_ONCE_MAX):
        some = wanted[start : start + KEYS_AT_ONCE_MAX]
        for record in await fetch(connection, _query(kind, view), _values(kind, some, view)):
            key = tuple(record[name] for name in kind.key)
            existing = found.setdefault(key, Existing(record, record["is_seen"]))
            if kind.lines:
                existing.lines.append({name: record[name] for name in kind.lines})
    return found


def _query(kind: Kind, view: View) -> str:
    names = ", ".join(f"t.{name}" for name in kind.key)
    arrays = ", ".join(f"{{key_{name}}}::text[]" for name in kind.key)
    source = kind.source.replace("select ", f"select {view.of(kind)} as is_seen, ", 1)
    return f"select * from ({source}) t where ({names}) in (select * from unnest({arrays}))"


def _values(kind: Kind, keys: list[Key], view: View) -> Mapping[str, object]:
    columns = {f"key_{name}": [key[place] for key in keys] for place, name in enumerate(kind.key)}
    return {**view.values, **columns}

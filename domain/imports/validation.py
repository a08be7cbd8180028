"""Judging a whole file before anything is written: what is new, what changes, what is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from db import access
from db.enums import ImportMode
from domain.bulk.catalogue import BY_NAME, KINDS
from domain.bulk.kind import Described, Judged, Key, Kind, Reach, Reference
from domain.bulk.known import Existing, View, known
from domain.imports.comparing import difference
from domain.imports.naming import keys_by_kind, named_key, references
from domain.imports.tables import Item, Tables
from domain.longwork.jobs import Asker

# What is kept of people is opened one by one, and a transaction ends within seconds.
KEYS_OF_A_TRANSACTION = 1_000


@dataclass(slots=True)
class Counts:
    """How many objects of a kind are or would be made, changed and left as they are."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0


@dataclass(slots=True)
class Judgement:
    """What an import would do, by kind; the faults are the tables' own."""

    counts: dict[str, Counts] = field(default_factory=dict)


class Validator:
    """Judges tables against what the company has. Writes nothing."""

    def __init__(self, tables: Tables, *, view: View, mode: ImportMode, now: datetime) -> None:
        self._tables = tables
        self._view = view
        self._mode = mode
        self._now = now
        self._known: dict[str, dict[Key, Existing]] = {}

    async def judge(self) -> Judgement:
        """Return what would be done, and add to the tables' faults what is wrong."""
        self._check_columns()
        for name, keys in keys_by_kind(self._tables.in_order()).items():
            self._known[name] = await self._find(BY_NAME[name], sorted(keys))
        judgement = Judgement()
        for kind in KINDS:
            items = self._tables.items.get(kind.name)
            if items is not None:
                judgement.counts[kind.name] = await self._judge_kind(kind, items)
        return judgement

    async def _find(self, kind: Kind, keys: list[Key]) -> dict[Key, Existing]:
        found: dict[Key, Existing] = {}
        columns = self._columns(kind.name)
        for start in range(0, len(keys), KEYS_OF_A_TRANSACTION):
            some = keys[start : start + KEYS_OF_A_TRANSACTION]
            async with access.tenant(self._view.company_id) as connection:
                found |= await known(connection, kind, some, view=self._view, columns=columns)
        return found

    def _columns(self, kind_name: str) -> list[str]:
        """Return the columns of a kind that the file has and the asker may set."""
        scopes, columns = self._view.asker.scopes, self._tables.columns.get(kind_name, ())
        return [one.name for one in columns if one.scope is None or one.scope in scopes]

    def _check_columns(self) -> None:
        """Refuse columns that the asker may not set: comparing them would give them away."""
        scopes = self._view.asker.scopes
        for name, columns in self._tables.columns.items():
            for column in columns:
                if column.scope is not None and column.scope not in scopes:
                    self._tables.faults.add(
                        "COLUMN_NOT_ALLOWED", sheet=name, column=column.name, scope=column.scope
                    )
                    for item in self._tables.items[name]:
                        del item.values[column.name]

    async def _judge_kind(self, kind: Kind, items: list[Item]) -> Counts:
        counts, new = Counts(), list[Item]()
        for item in items:
            existing = self._known[kind.name].get(item.key)
            if existing is None:
                counts.created += 1
                new.append(item)
                self._check_new(item)
            elif not existing.is_seen:
                self._fault(item, "ALREADY_EXISTS", kind.key[-1], field=kind.key[-1])
            elif self._differs(item, existing):
                counts.updated += 1
            else:
                counts.unchanged += 1
        if counts.created or counts.updated:
            self._check_rights(kind, items[0])
        if kind.judge is not None and new:
            await self._judge_together(kind, new)
        return counts

    def _differs(self, item: Item, existing: Existing) -> bool:
        found = difference(item, existing)
        for column in found.fixed:
            self._fault(item, "CANNOT_CHANGE", column)
        if found.changes and self._mode is ImportMode.CREATE_ONLY:
            self._fault(item, "ALREADY_EXISTS", found.changed_columns[0], field=item.kind.key[-1])
        return not found.is_none

    def _check_new(self, item: Item) -> None:
        for column in item.kind.columns:
            holders = item.lines if column.name in item.kind.lines else [item]
            for holder in holders or [item]:
                if column.required and holder.values.get(column.name) is None:
                    self._fault(holder, "REQUIRED", column.name, sheet=item.kind.name)
        for reference, values, row in references(item):
            self._check_reference(item.kind, reference, values, row)

    def _check_reference(
        self, kind: Kind, reference: Reference, values: Mapping[str, Any], row: int
    ) -> None:
        key = named_key(reference, values)
        if key is None or key in self._tables.named.get(reference.kind, ()):
            return
        found = self._known.get(reference.kind, {}).get(key)
        code = None
        if found is None or not found.is_seen:
            code = "UNKNOWN_PARENT"
        elif not found.record["active"]:
            code = "PARENT_INACTIVE"
        if code is not None:
            self._tables.faults.add(
                code,
                sheet=kind.name,
                row=row,
                column=reference.columns[-1],
                kind=reference.kind,
                value=" ".join(key),
            )

    def _check_rights(self, kind: Kind, first: Item) -> None:
        asker = self._view.asker
        if kind.writes not in asker.scopes:
            self._tables.faults.add("SHEET_NOT_ALLOWED", sheet=kind.name, scope=kind.writes)
        if reach_of(asker) < kind.reach:
            self._tables.faults.add("PLACE_NOT_ALLOWED", sheet=kind.name, row=first.row)

    async def _judge_together(self, kind: Kind, new: list[Item]) -> None:
        if kind.judge is None or self._tables.faults.count:
            # What is not sound by itself is not worth comparing.
            return
        judged = Judged(
            company_id=self._view.company_id,
            new=[
                Described(values=item.values, lines=[line.values for line in item.lines])
                for item in new
            ],
            all={
                name: {item.key: item.values for item in items}
                for name, items in self._tables.items.items()
            },
            now=self._now,
        )
        async with access.tenant(self._view.company_id) as connection:
            verdicts = await kind.judge(connection, judged)
        for verdict in verdicts:
            item = new[verdict.place]
            holder = item if verdict.line is None else item.lines[verdict.line]
            self._fault(holder, verdict.code, verdict.column, sheet=kind.name, **verdict.params)

    def _fault(
        self, holder: Any, code: str, column: str, *, sheet: str = "", **params: object
    ) -> None:
        self._tables.faults.add(
            code, sheet=sheet or holder.kind.name, row=holder.row, column=column, **params
        )


def reach_of(asker: Asker) -> Reach:
    """Return how much of the company somebody is responsible for."""
    if asker.field_id is not None:
        return Reach.FIELD
    return Reach.COMPANY if asker.branch_id is None else Reach.BRANCH

"""Writing objects of one kind, in the caller's transaction. Safe to repeat: what is there stays."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from db.access import Connection
from db.enums import ImportMode
from domain.bulk.catalogue import BY_NAME
from domain.bulk.kind import Change, Creation, Key, Kind
from domain.bulk.known import Existing, View, known
from domain.imports.comparing import difference
from domain.imports.naming import keys_by_kind, named_key, references
from domain.imports.tables import Item
from domain.imports.validation import Counts
from domain.refusals import AlreadyExists, NotThere, Refused


class ItemRefused(Exception):
    """A rule said no to an object that was sound when the file was judged."""

    def __init__(self, item: Item, refusal: Refused) -> None:
        super().__init__(item.kind.name, item.row)
        self.item = item
        self.refusal = refusal


class Writer:
    """Writes some objects of one kind."""

    def __init__(self, kind: Kind, *, view: View, mode: ImportMode, now: datetime) -> None:
        self._kind = kind
        self._view = view
        self._mode = mode
        self._now = now
        self._known: dict[str, dict[Key, Existing]] = {}
        self._made: dict[Key, int] = {}

    async def write(self, connection: Connection, items: list[Item]) -> Counts:
        """Make or change the objects, and return how many.

        :raises ItemRefused: the transaction must not be committed
        """
        for name, keys in keys_by_kind(items).items():
            self._known[name] = await known(
                connection, BY_NAME[name], keys, view=self._view, columns=items[0].values
            )
        await self._prepare(connection, items)
        counts = Counts()
        for item in items:
            try:
                await self._write(connection, item, counts)
            except Refused as refusal:
                raise ItemRefused(item, refusal) from refusal
        return counts

    async def _prepare(self, connection: Connection, items: list[Item]) -> None:
        if self._kind.lock is not None:
            await connection.execute(self._kind.lock, self._view.company_id)
        if self._kind.prepare is not None:
            new = [self._creation(item) for item in items if self._existing(item) is None]
            await self._kind.prepare(connection, self._view.company_id, new)

    async def _write(self, connection: Connection, item: Item, counts: Counts) -> None:
        existing = self._existing(item)
        if existing is None:
            await self._create(connection, item)
            counts.created += 1
            return
        if not existing.is_seen:
            raise AlreadyExists(self._kind.key[-1])
        found = difference(item, existing)
        if found.is_none:
            counts.unchanged += 1
            return
        if found.fixed or self._mode is ImportMode.CREATE_ONLY or self._kind.change is None:
            raise AlreadyExists(self._kind.key[-1])
        change = Change(
            company_id=self._view.company_id,
            keyring=self._view.keyring,
            row_id=existing.id,
            version=existing.record["version"],
            changes=found.changes,
            now=self._now,
        )
        await self._kind.change(connection, change)
        counts.updated += 1

    def _existing(self, item: Item) -> Existing | None:
        return self._known[self._kind.name].get(item.key)

    async def _create(self, connection: Connection, item: Item) -> None:
        if self._kind.create is None:
            raise NotThere
        made = await self._kind.create(connection, self._creation(item))
        if isinstance(made, int):
            self._made[item.key] = made

    def _creation(self, item: Item) -> Creation:
        kind = self._kind
        said = {
            kind.by_name[name].parameter: value
            for name, value in item.values.items()
            if name not in kind.referring and value is not None
        }
        lines = [
            {
                **{kind.by_name[name].parameter: value for name, value in line.values.items()},
                **self._ids(item, line.values),
            }
            for line in item.lines
        ]
        return Creation(
            company_id=self._view.company_id,
            keyring=self._view.keyring,
            values={**said, **self._ids(item, item.values)},
            lines=lines,
            now=self._now,
        )

    def _ids(self, item: Item, wanted: Mapping[str, Any]) -> dict[str, int]:
        """Return the ids of what these values name, by the parameter that takes them."""
        found = {}
        for reference, values, _ in references(item):
            key = named_key(reference, values)
            if values is wanted and key is not None:
                found[reference.parameter] = self._id(reference.kind, key)
        return found

    def _id(self, kind_name: str, key: Key) -> int:
        if kind_name == self._kind.name and key in self._made:
            return self._made[key]
        existing = self._known[kind_name].get(key)
        if existing is None or not existing.is_seen:
            raise NotThere
        return existing.id

"""The work of an import: the file is judged as a whole, then written some objects at a time."""

import asyncio
from dataclasses import asdict
from datetime import datetime
from zoneinfo import ZoneInfo

from db import access
from db.enums import FileKind, ImportMode, JobState
from db.ids import FileId
from domain.bulk.known import View
from domain.files import contents
from domain.imports.tables import Item, Tables, read
from domain.imports.validation import Counts, Judgement, Validator
from domain.imports.writing import ItemRefused, Writer
from domain.longwork.failures import JobFailed
from domain.longwork.running import ItemError, Run
from domain.spreadsheets.cells import UnreadableFile
from domain.subscribers.keyring import Keyring

# While they are written, ingest waits for the meters among them.
CHUNK_ITEMS = 100
JUDGED = "judged"
FAULTY = "faulty"


class ImportWork:
    """One import. What it has read is in memory; how far it is stands with the job."""

    def __init__(self, run: Run, keyring: Keyring) -> None:
        self._run = run
        self._view = View(run.company_id, run.asker, keyring)
        self._mode = ImportMode(run.input["mode"])
        self._items: list[Item] | None = None

    async def step(self, *, now: datetime) -> bool:
        """Read and judge the file, or write the next objects; return whether there is more."""
        if FAULTY in self._run.position:
            raise JobFailed("FAULTY_FILE")
        if self._items is None:
            tables = await self._tables(now=now)
            if JUDGED not in self._run.position:
                await self._judge(tables, now=now)
            self._items = tables.in_order()
            return True
        if self._run.input["dry_run"] or self._run.done >= len(self._items):
            await self._run.end(JobState.SUCCEEDED, now=now)
            return False
        await self._write(self._chunk(self._items), now=now)
        return True

    async def close(self) -> None:
        self._items = None

    async def _tables(self, *, now: datetime) -> Tables:
        """Return what the file holds; reading it takes a thread, so that nobody waits."""
        content = await self._content(now=now)
        async with access.tenant(self._run.company_id) as connection:
            zone = await connection.fetchval(
                "select time_zone from company where id = $1", self._run.company_id
            )
        try:
            return await asyncio.to_thread(
                read, content, kind_name=self._run.input["kind"], zone=ZoneInfo(zone)
            )
        except UnreadableFile as error:
            raise JobFailed(error.code, **error.params) from error

    async def _content(self, *, now: datetime) -> bytes:
        file_id = FileId(self._run.input["file_id"])
        company_id = self._run.company_id
        file = await contents.find(
            company_id=company_id, file_id=file_id, kind=FileKind.UPLOAD, now=now
        )
        if file is None:
            raise JobFailed("FILE_GONE")
        parts = contents.parts(company_id=company_id, file_id=file_id, size=file.size)
        return b"".join([part async for part in parts])

    async def _judge(self, tables: Tables, *, now: datetime) -> None:
        judgement = await Validator(tables, view=self._view, mode=self._mode, now=now).judge()
        run, faults = self._run, tables.faults
        is_faulty = faults.count > 0
        async with run.step(now=now) as connection:
            run.position = {FAULTY: True} if is_faulty else {JUDGED: True}
            run.total = len(tables.in_order())
            run.result = _result(judgement, is_planned=is_faulty or run.input["dry_run"])
            await run.report(connection, faults.kept, count=faults.count)

    def _chunk(self, items: list[Item]) -> list[Item]:
        """Return the next objects, all of one kind."""
        start = self._run.done
        some = items[start : start + CHUNK_ITEMS]
        return [item for item in some if item.kind is some[0].kind]

    async def _write(self, chunk: list[Item], *, now: datetime) -> None:
        kind = chunk[0].kind
        writer = Writer(kind, view=self._view, mode=self._mode, now=now)
        try:
            async with self._run.step(now=now) as connection:
                counts = await writer.write(connection, chunk)
                self._run.done += len(chunk)
                _add(self._run.result, kind.name, counts)
        except ItemRefused as refused:
            async with self._run.step(now=now) as connection:
                await self._run.report(connection, [_error(refused)], count=1)
            raise JobFailed("STOPPED", row=refused.item.row, sheet=kind.name) from refused


def _result(judgement: Judgement, *, is_planned: bool) -> dict[str, object]:
    """Return what the job says came of it: what would be done, or nothing done yet."""
    if is_planned:
        return {"counts": {name: asdict(counts) for name, counts in judgement.counts.items()}}
    return {"counts": {name: asdict(Counts()) for name in judgement.counts}}


def _add(result: dict[str, dict[str, dict[str, int]]], kind: str, counts: Counts) -> None:
    sums = result["counts"][kind]
    for name, number in asdict(counts).items():
        sums[name] += number


def _error(refused: ItemRefused) -> ItemError:
    item, refusal = refused.item, refused.refusal
    columns = {
        **{column.parameter: column.name for column in item.kind.columns},
        **{one.parameter: one.columns[-1] for one in item.kind.references},
    }
    named = next((columns[part] for part in reversed(refusal.path) if part in columns), None)
    return ItemError(
        code=refusal.code(),
        sheet=item.kind.name,
        row=item.row,
        column=named,
        params={name: str(value) for name, value in refusal.facts.items()},
    )

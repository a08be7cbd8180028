"""The work of an export: a page of rows at a time into a file, which is kept for who asked."""

import asyncio
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from db.acting import acting
from db.enums import JobState, TableFormat
from db.ids import FileId
from domain.bulk import pages
from domain.bulk.catalogue import BY_NAME
from domain.bulk.kind import Kind
from domain.bulk.known import View
from domain.exports.tables import Tables, tables_of
from domain.files import contents
from domain.files.contents import FileTooLarge
from domain.files.uploads import StorageFull
from domain.longwork.failures import JobFailed
from domain.longwork.running import Run
from domain.spreadsheets.workbook import ROW_NUMBER_MAX
from domain.subscribers.keyring import Keyring


class ExportWork:
    """One export. A worker that takes it over begins again: nothing is lost but time."""

    def __init__(self, run: Run, keyring: Keyring, *, sheet_rows_max: int = ROW_NUMBER_MAX) -> None:
        self._run = run
        self._sheet_rows_max = sheet_rows_max
        place = {"branch_id": run.input["branch_id"], "field_id": run.input["field_id"]}
        self._view = View(run.company_id, replace(run.asker, **place), keyring)
        self._waiting = [BY_NAME[name] for name in run.input["kinds"]]
        self._tables: Tables | None = None
        self._after: pages.Place | None = None
        self._is_begun = False

    async def step(self, *, now: datetime) -> bool:
        """Write the next page; return whether there is more."""
        if self._tables is None:
            self._tables = await self._begin(now=now)
            return True
        if self._waiting:
            await self._write_page(self._tables, self._waiting[0], now=now)
            return True
        await self._keep(self._tables, now=now)
        return False

    async def close(self) -> None:
        if self._tables is not None:
            await asyncio.to_thread(self._tables.close)

    async def _begin(self, *, now: datetime) -> Tables:
        run = self._run
        async with run.step(now=now) as connection:
            zone = await connection.fetchval(
                "select time_zone from company where id = $1", run.company_id
            )
            numbers = [
                await pages.count(connection, kind, view=self._view) for kind in self._waiting
            ]
            table_format = TableFormat(run.input["format"])
            if table_format is TableFormat.XLSX and max(numbers) >= self._sheet_rows_max:
                # The heading is one more.
                raise JobFailed("SHEET_TOO_LONG", maximum=self._sheet_rows_max)
            run.done, run.total = 0, sum(numbers)
            run.result = {"counts": {kind.name: {"exported": 0} for kind in self._waiting}}
        return tables_of(table_format, ZoneInfo(zone))

    async def _write_page(self, tables: Tables, kind: Kind, *, now: datetime) -> None:
        if not self._is_begun:
            tables.begin(kind.name, kind.columns_for(self._run.asker.scopes))
            self._is_begun = True
        async with self._run.step(now=now) as connection:
            rows = await pages.page(connection, kind, view=self._view, after=self._after)
            self._run.done += len(rows)
            self._run.result["counts"][kind.name]["exported"] += len(rows)
        await asyncio.to_thread(tables.write, rows)
        if tables.is_too_large:
            raise JobFailed("FILE_TOO_LARGE")
        if len(rows) < pages.PAGE_ROWS_MAX:
            self._waiting.pop(0)
            self._after, self._is_begun = None, False
        else:
            self._after = pages.place_of(kind, rows[-1])

    async def _keep(self, tables: Tables, *, now: datetime) -> None:
        path = await asyncio.to_thread(tables.finish)
        try:
            file_id = await self._stored(tables, path, now=now)
        except FileTooLarge as error:
            raise JobFailed("FILE_TOO_LARGE") from error
        except StorageFull as error:
            raise JobFailed("STORAGE_FULL") from error
        await self._run.end(JobState.SUCCEEDED, now=now, file_id=file_id)

    async def _stored(self, tables: Tables, path: Path, *, now: datetime) -> FileId:
        with path.open("rb") as source, acting(self._run.actor):
            size = source.seek(0, os.SEEK_END)
            source.seek(0)
            return await contents.keep(
                company_id=self._run.company_id,
                user_id=self._run.asker.user_id,
                key_id=self._run.asker.key_id,
                name=f"wattledger-{now:%Y%m%d-%H%M}{tables.suffix}",
                mime_type=tables.mime_type,
                source=source,
                size=size,
                now=now,
            )

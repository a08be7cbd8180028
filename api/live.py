"""What changed, as it changes: one reader of the outbox per process, and whoever listens to it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import asyncpg
from tortoise.exceptions import BaseORMException

from db.access import DatabaseUnavailable, system, tenant
from db.bell import Bell
from db.ids import CompanyId
from domain.outbox import READ_ROWS_MAX, Cursor, OutboxRow, Topic, position, read_since

POLL_S = 0.1
BACK_OFF_S_MIN = 0.25
BACK_OFF_S_MAX = 5.0
WAITING_ROWS_MAX = 1_000
WAITING_BYTES_MAX = 1024 * 1024
ROW_BYTES = 256
ID_BYTES = 8

log = logging.getLogger(__name__)


class Lagging(Exception):
    """The listener does not keep up; what waited for it is dropped."""


class Waiting:
    """What one listener has not taken yet, within limits."""

    def __init__(self, topic: Topic) -> None:
        self._topic = topic
        self._rows: list[OutboxRow] = []
        self._bytes = 0
        self._is_lagging = False
        self._changed = asyncio.Event()

    def put(self, row: OutboxRow) -> None:
        """Keep a row if the listener wants it; beyond the limits all are dropped, for good."""
        if self._is_lagging or row.topic != self._topic:
            return
        self._rows.append(row)
        self._bytes += ROW_BYTES + ID_BYTES * (len(row.meter_ids) + len(row.account_ids))
        if len(self._rows) > WAITING_ROWS_MAX or self._bytes > WAITING_BYTES_MAX:
            self._rows = []
            self._is_lagging = True
        self._changed.set()

    async def take(self) -> list[OutboxRow]:
        """Wait until there are rows, and return them all.

        :raises Lagging: there were too many; there will be no more
        """
        await self._changed.wait()
        if self._is_lagging:
            raise Lagging
        rows, self._rows, self._bytes = self._rows, [], 0
        self._changed.clear()
        return rows


class LiveFeed:
    """Follows the outbox for this process; listeners hear nothing unless `run` is running."""

    def __init__(
        self, *, clock: Callable[[], datetime], bell: Bell, poll_s: float = POLL_S
    ) -> None:
        self._clock = clock
        self._bell = bell
        self._poll_s = poll_s
        self._cursor: Cursor | None = None
        self._listeners: dict[CompanyId, set[Waiting]] = {}

    @property
    def delivered(self) -> Cursor | None:
        """How far listeners have been told; None before PostgreSQL was reached first."""
        return self._cursor

    @property
    def listeners(self) -> int:
        return sum(len(waiting) for waiting in self._listeners.values())

    async def run(self) -> None:
        """Read until cancelled; after PostgreSQL was away, go on from the same place."""
        back_off_s = BACK_OFF_S_MIN
        while True:
            try:
                while True:
                    await self._look()
                    back_off_s = BACK_OFF_S_MIN
            except (*DatabaseUnavailable, asyncpg.PostgresError, BaseORMException) as error:
                log.warning("live.interrupted", extra={"reason": repr(error)})
            await asyncio.sleep(back_off_s)
            back_off_s = min(back_off_s * 2, BACK_OFF_S_MAX)

    async def _look(self) -> None:
        async with system() as connection:
            if self._cursor is None:
                self._cursor = await position(connection, now=self._clock())
            rows = await read_since(connection, self._cursor)
        for row in rows:
            self._cursor = row.cursor
            for waiting in self._listeners.get(row.company_id, ()):
                waiting.put(row)
        if len(rows) < READ_ROWS_MAX:
            await self._bell.wait("outbox", self._poll_s)

    async def follow(
        self, company_id: CompanyId, topic: Topic, *, after: Cursor | None = None
    ) -> AsyncGenerator[list[OutboxRow], None]:
        """Yield a company's rows as they come, those that wait together at once.

        after: begin with what came after this; otherwise with what comes from now on, and maybe
            with some of what came just before.

        :raises Lagging: the caller takes them too slowly
        """
        if after is not None:
            # Listening only when history is read to its end: a long one would overflow.
            async for rows in _history(company_id, topic, after):
                after = rows[-1].cursor
                yield rows
        with self._listening(company_id, topic) as waiting:
            if after is not None:
                async for rows in _history(company_id, topic, after):
                    after = rows[-1].cursor
                    yield rows
            while True:
                rows = [row for row in await waiting.take() if after is None or row.is_after(after)]
                if rows:
                    yield rows

    @contextmanager
    def _listening(self, company_id: CompanyId, topic: Topic) -> Iterator[Waiting]:
        waiting = Waiting(topic)
        listeners = self._listeners.setdefault(company_id, set())
        listeners.add(waiting)
        try:
            yield waiting
        finally:
            listeners.discard(waiting)
            if not listeners:
                del self._listeners[company_id]


async def _history(
    company_id: CompanyId, topic: Topic, after: Cursor
) -> AsyncIterator[list[OutboxRow]]:
    """Yield pages of what came after `after`, up to now."""
    while True:
        async with tenant(company_id) as connection:
            rows = await read_since(connection, after, company_id=company_id, topic=topic)
        if rows:
            after = rows[-1].cursor
            yield rows
        if len(rows) < READ_ROWS_MAX:
            return

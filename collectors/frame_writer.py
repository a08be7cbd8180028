"""Writes frames of all connections in groups, so that one commit acknowledges many."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from asyncpg import PostgresError

from collectors.base import RawFrame
from db.access import DatabaseUnavailable
from db.bell import Bell
from db.ids import FrameId
from domain.collectors.operations import KnownCollector
from domain.frames import operations as frames
from domain.frames.operations import DIGEST_BYTES, IncomingFrame

log = logging.getLogger(__name__)

GROUP_WAIT_S: Final = 0.01
GROUP_FRAMES_MAX: Final = 1_000
QUEUE_FRAMES_MAX: Final = 5_000
ID_BLOCK: Final = 5_000
RECENT_MAX: Final = 100_000
RETRY_PAUSE_S: Final = 0.5
# Longer than this a collector's own patience lasts no better; it dials and sends again.
GIVE_UP_AFTER_S: Final = 8.0

Stored = asyncio.Future[FrameId]


class NotStored(Exception):
    """The frame is not committed and must not be acknowledged."""


class FrameWriter:
    """Stores frames for the connections of one gateway.

    A frame that came before is not stored again: its key is remembered once it is committed.
    That only saves work, for readings are admitted by their own keys.
    """

    def __init__(self, *, bell: Bell, clock: Callable[[], datetime]) -> None:
        self._bell = bell
        self._clock = clock
        self._queue: asyncio.Queue[tuple[IncomingFrame, Stored]] = asyncio.Queue(QUEUE_FRAMES_MAX)
        self._recent: OrderedDict[tuple[int, bytes], FrameId] = OrderedDict()
        self._ids: list[FrameId] = []
        self._ids_lock = asyncio.Lock()

    async def put(
        self,
        frame: RawFrame,
        *,
        collector: KnownCollector,
        bucket: int,
        fragment_ids: Sequence[FrameId],
        waits_for: str | None,
    ) -> Stored:
        """Queue a frame, waiting while the queue is full; its future resolves when committed.

        The future fails with NotStored when the database stays away.
        """
        stored: Stored = asyncio.get_running_loop().create_future()
        digest = frame.digest[:DIGEST_BYTES]
        known = self._recent.get((collector.collector_id, digest))
        if known is not None:
            stored.set_result(known)
            return stored
        incoming = IncomingFrame(
            id=await self._next_id(),
            company_id=collector.company_id,
            collector_id=collector.collector_id,
            received_at=self._clock(),
            function=frame.function,
            reference_id=frame.reference_id,
            packet=frame.packet,
            digest=digest,
            body=frame.body,
            bucket=bucket,
            fragment_ids=fragment_ids,
            waits_for=waits_for,
        )
        await self._queue.put((incoming, stored))
        return stored

    async def run(self) -> None:
        """Write groups until cancelled."""
        while True:
            group = [await self._queue.get()]
            await asyncio.sleep(GROUP_WAIT_S)
            while len(group) < GROUP_FRAMES_MAX and not self._queue.empty():
                group.append(self._queue.get_nowait())
            await self._write(group)

    async def _write(self, group: list[tuple[IncomingFrame, Stored]]) -> None:
        try:
            async with asyncio.timeout(GIVE_UP_AFTER_S):
                await self._store([frame for frame, _ in group])
        except Exception as error:
            if not isinstance(error, TimeoutError):
                log.exception("gateway.gave_up")
            for _, stored in group:
                _resolve(stored, NotStored(repr(error)))
            return
        for frame, stored in group:
            self._recent[frame.collector_id, frame.digest] = frame.id
            _resolve(stored, frame.id)
        while len(self._recent) > RECENT_MAX:
            self._recent.popitem(last=False)
        await self._bell.ring("frames")

    async def _store(self, incoming: Sequence[IncomingFrame]) -> None:
        """Store, again and again while the database is away. A lost commit cannot store twice."""
        while True:
            try:
                await frames.store(incoming)
            except (*DatabaseUnavailable, PostgresError) as error:
                log.warning("gateway.store_failed", extra={"reason": repr(error)})
                await asyncio.sleep(RETRY_PAUSE_S)
            else:
                return

    async def _next_id(self) -> FrameId:
        if self._ids:
            return self._ids.pop()
        async with self._ids_lock:
            while not self._ids:
                try:
                    async with asyncio.timeout(GIVE_UP_AFTER_S):
                        self._ids = await frames.reserve_ids(ID_BLOCK)
                except (*DatabaseUnavailable, PostgresError) as error:
                    raise NotStored("no ids to be had") from error
            return self._ids.pop()


def _resolve(stored: Stored, outcome: FrameId | Exception) -> None:
    with suppress(asyncio.InvalidStateError):  # its connection has gone
        if isinstance(outcome, Exception):
            stored.set_exception(outcome)
            stored.exception()  # who waits may have gone; asyncio would complain about it
        else:
            stored.set_result(outcome)

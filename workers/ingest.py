"""The drain loop: pending frames in, readings and profiles, charges and events out, in batches."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime

import asyncpg

from db import access
from db.access import Connection, DatabaseUnavailable
from db.bell import Bell
from db.enums import TimeSource
from db.ids import CompanyId, FrameId
from domain.frames import operations as frames
from domain.frames import queries
from domain.frames.operations import BUCKETS
from domain.frames.queries import PendingFrame
from domain.readings import operations as readings
from domain.readings import register_sets
from domain.readings.batch import Read
from domain.readings.matching import (
    Matched,
    Readout,
    at_first_receipt,
    match,
    profile_of,
    read_of,
)
from domain.readings.periods import ends, recalled_read
from workers.decoding import decoded_batch, failed, review_of, reviews_of
from workers.repeats import Repeats

log = logging.getLogger(__name__)

BATCH_FRAMES_MAX = 4_000
IDLE_WAIT_S = 0.25
RETRY_PAUSE_S = 1.0
# How often one frame alone may be cut off, or make us fail, before nobody waits for it any longer.
FAILED_ALONE_MAX = 5

# The database ended a transaction that took too long, or went away itself.
CutOff = (
    TimeoutError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.QueryCanceledError,
    asyncpg.TransactionTimeoutError,
)


class Drain:
    """One of `connections` loops of a process, each with its own share of the buckets.

    Another process may run the same loops: a lock on each bucket lets one work on it at a time.
    """

    def __init__(
        self, *, number: int, connections: int, bell: Bell, clock: Callable[[], datetime]
    ) -> None:
        self._buckets = [bucket for bucket in range(BUCKETS) if bucket % connections == number]
        self._bell = bell
        self._clock = clock
        self._register_sets: register_sets.Known = {}
        self._repeats = Repeats()
        self._limit = BATCH_FRAMES_MAX
        self._batch: list[PendingFrame] = []
        self._failed_alone: list[FrameId] = []

    async def run(self) -> None:
        """Drain until cancelled; what fails waits in the queue and is tried again."""
        while True:
            try:
                settled = await self.drain_once()
            except DatabaseUnavailable as error:
                log.warning("ingest.interrupted", extra={"reason": repr(error)})
                await asyncio.sleep(RETRY_PAUSE_S)
            except Exception:
                # A partition, a grant or a column is missing, or a mistake of ours.
                log.exception("ingest.failed")
                await asyncio.sleep(RETRY_PAUSE_S)
            else:
                await self._rest(settled)

    async def _rest(self, settled: int) -> None:
        if settled:
            await self._bell.ring("outbox")
        else:
            await self._bell.wait("frames", IDLE_WAIT_S)

    async def drain_once(self) -> int:
        """Process the frames that wait longest; return how many are settled.

        A batch that fails is tried again at half its size, and batches grow again after that. What
        keeps failing stays in the queue, unless the database refuses one frame's own values, cuts
        it off again and again, or nobody but us fails at it: those behind it would never have their
        turn.

        :raises Exception: nothing is settled; the next batch is smaller
        """
        try:
            settled = await self._drain()
        except asyncpg.DataError as error:
            if self._limit == 1:
                return await self._set_aside(error)
            self._limit //= 2
            raise
        except Exception as error:
            if _may_be_the_frames(error) and self._fails_again():
                return await self._set_aside(error)
            self._limit = max(1, self._limit // 2)
            raise
        self._limit = min(BATCH_FRAMES_MAX, self._limit * 2)
        return settled

    def _fails_again(self) -> bool:
        """Count in a row how often the same frame failed, alone."""
        alone = [frame.frame_id for frame in self._batch] if self._limit == 1 else []
        if not alone or alone != self._failed_alone[:1]:
            self._failed_alone = []
        self._failed_alone += alone
        return len(self._failed_alone) >= FAILED_ALONE_MAX

    async def _drain(self) -> int:
        self._batch = []
        async with access.system() as connection:
            self._batch = await self._waiting(connection, self._limit)
            if not self._batch:
                return 0
            now = self._clock()
            outcomes = decoded_batch(self._batch)
            self._batch = [frame for frame, _ in outcomes]
            matched, unmatched = await match(
                connection, [found for _, found in outcomes if isinstance(found, Readout)]
            )
            known, reads, recalled = await self._reads(connection, self._batch, matched, now=now)
            profile = [told for one in matched for told in profile_of(one)]
            stored = await readings.store(connection, [*reads, *recalled], profile=profile, now=now)
            reviews = reviews_of(outcomes, {readout.frame_id for readout in unmatched})
            await frames.settle(connection, _keys(self._batch), reviews)
        self._register_sets = known
        self._repeats.remember(read for read in recalled if read.key not in stored.deferred)
        log.info("ingest.batch", extra={"frames": len(self._batch), "new": stored.new})
        return len(self._batch)

    async def _waiting(self, connection: Connection, limit: int) -> list[PendingFrame]:
        buckets = await queries.own_buckets(connection, self._buckets)
        return await queries.pending(connection, buckets=buckets, limit=limit)

    async def _reads(
        self,
        connection: Connection,
        waiting: Sequence[PendingFrame],
        matched: Sequence[Matched],
        *,
        now: datetime,
    ) -> tuple[register_sets.Known, list[Read], list[Read]]:
        """Return register sets, readings, and those that meters recalled and are not stored yet."""
        shown = [one for one in matched if one.readout.values]
        ended = [(one, at, period) for one in matched for at, period in ends(one, now=now)]
        known = await register_sets.ids_of(
            connection,
            {(one.readout.company_id, one.readout.signature) for one in shown}
            | {(one.readout.company_id, period.signature) for one, _, period in ended},
            self._register_sets,
        )
        dated = await _dated(connection, waiting, shown)
        reads = [read_of(m, known[m.readout.company_id, m.readout.signature]) for m in dated]
        recalled = [
            recalled_read(one, at, period, known[one.readout.company_id, period.signature])
            for one, at, period in ended
        ]
        return known, reads, [read for read in recalled if not self._repeats.has(read)]

    async def _set_aside(self, error: Exception) -> int:
        """Put the one frame of the batch that has just failed into review, if it is still ours."""
        (frame,) = self._batch
        log.error("ingest.set_aside", extra={"frame": frame.frame_id, "reason": repr(error)})
        async with access.system() as connection:
            if not await queries.own_buckets(connection, [frame.bucket]):
                return 0
            await frames.settle(connection, _keys([frame]), [review_of(frame, failed(error))])
        return 1


async def _dated(
    connection: Connection, waiting: Sequence[PendingFrame], matched: Sequence[Matched]
) -> Sequence[Matched]:
    """Return matches dated by the first receipts where nothing else dates them."""
    undated = {m.readout.frame_id for m in matched if m.time.source is TimeSource.RECEIPT}
    if not undated:
        return matched
    receipts = await queries.first_receipts(
        connection, [frame for frame in waiting if frame.frame_id in undated]
    )
    return [
        at_first_receipt(m, receipts.get(m.readout.frame_id, m.readout.received_at))
        for m in matched
    ]


def _may_be_the_frames(error: Exception) -> bool:
    """Whether a failure may come of what a frame says, and not of how the database is."""
    about_the_database = (*DatabaseUnavailable, asyncpg.PostgresError)
    return isinstance(error, CutOff) or not isinstance(error, about_the_database)


def _keys(batch: Sequence[PendingFrame]) -> list[tuple[CompanyId, FrameId]]:
    return [(frame.company_id, frame.frame_id) for frame in batch]

"""The drain loop: pending frames in, readings, charges and events out, a batch at a time."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from collectors.readouts import NoReadout, readout_of
from db import access
from db.access import Connection, DatabaseUnavailable
from db.bell import Bell
from db.enums import MatchStatus, TimeSource
from db.ids import FrameId
from domain.frames import operations as frames
from domain.frames import queries
from domain.frames.operations import BUCKETS, Review
from domain.frames.queries import PendingFrame
from domain.readings import operations as readings
from domain.readings import register_sets
from domain.readings.batch import Read
from domain.readings.matching import Matched, Readout, at_first_receipt, match, read_of

log = logging.getLogger(__name__)

BATCH_FRAMES_MAX = 4_000
IDLE_WAIT_S = 0.25
RETRY_PAUSE_S = 1.0


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
        self._limit = BATCH_FRAMES_MAX

    async def run(self) -> None:
        """Drain until cancelled; what fails for want of a database is tried again."""
        while True:
            try:
                settled = await self.drain_once()
            except DatabaseUnavailable as error:
                log.warning("ingest.interrupted", extra={"reason": repr(error)})
                await asyncio.sleep(RETRY_PAUSE_S)
                continue
            if settled:
                await self._bell.ring("outbox")
            else:
                await self._bell.wait("frames", IDLE_WAIT_S)

    async def drain_once(self) -> int:
        """Process the frames that wait longest; return how many are settled.

        A batch that fails is tried again at half its size, down to the one frame that makes it
        fail, which is put into review; then batches grow again.

        :raises DatabaseUnavailable: nothing is settled; the next batch is smaller
        """
        while True:
            try:
                settled = await self._drain(self._limit)
            except DatabaseUnavailable:
                self._limit = max(1, self._limit // 2)
                raise
            except Exception as error:
                if self._limit == 1:
                    log.exception("ingest.gave_up")
                    return await self._give_up(error)
                self._limit //= 2
                log.warning("ingest.halved", extra={"limit": self._limit, "reason": repr(error)})
            else:
                self._limit = min(BATCH_FRAMES_MAX, self._limit * 2)
                return settled

    async def _drain(self, limit: int) -> int:
        async with access.system() as connection:
            waiting = await self._waiting(connection, limit)
            if not waiting:
                return 0
            outcomes = [(frame, readout_of(frame)) for frame in waiting]
            matched, unmatched = await match(
                connection, [found for _, found in outcomes if isinstance(found, Readout)]
            )
            known, reads = await self._reads(connection, waiting, matched)
            stored = await readings.store(connection, reads, now=self._clock())
            reviews = _reviews(outcomes, {readout.frame_id for readout in unmatched})
            await frames.settle(
                connection, [(frame.company_id, frame.frame_id) for frame in waiting], reviews
            )
        self._register_sets = known
        log.info("ingest.batch", extra={"frames": len(waiting), "new": stored.new})
        return len(waiting)

    async def _waiting(self, connection: Connection, limit: int) -> list[PendingFrame]:
        buckets = await queries.own_buckets(connection, self._buckets)
        return await queries.pending(connection, buckets=buckets, limit=limit)

    async def _reads(
        self, connection: Connection, waiting: Sequence[PendingFrame], matched: Sequence[Matched]
    ) -> tuple[register_sets.Known, list[Read]]:
        known = await register_sets.ids_of(
            connection,
            {(m.readout.company_id, m.readout.signature) for m in matched},
            self._register_sets,
        )
        undated = {m.readout.frame_id for m in matched if m.time.source is TimeSource.RECEIPT}
        if undated:
            receipts = await queries.first_receipts(
                connection, [frame for frame in waiting if frame.frame_id in undated]
            )
            matched = [
                at_first_receipt(m, receipts.get(m.readout.frame_id, m.readout.received_at))
                for m in matched
            ]
        reads = [read_of(m, known[m.readout.company_id, m.readout.signature]) for m in matched]
        return known, reads

    async def _give_up(self, error: Exception) -> int:
        async with access.system() as connection:
            waiting = await self._waiting(connection, 1)
            failure = NoReadout(MatchStatus.REJECTED, "FAILED", repr(error))
            await frames.settle(
                connection,
                [(frame.company_id, frame.frame_id) for frame in waiting],
                [_review(frame, failure) for frame in waiting],
            )
        return len(waiting)


def _reviews(
    outcomes: Sequence[tuple[PendingFrame, Readout | NoReadout]], unmatched: set[FrameId]
) -> list[Review]:
    reviews = []
    for frame, outcome in outcomes:
        if isinstance(outcome, NoReadout):
            reviews.append(_review(frame, outcome))
        elif frame.frame_id in unmatched:
            unknown = NoReadout(
                MatchStatus.UNMATCHED, "UNKNOWN_METER", f"no meter {outcome.meter_serial} is known"
            )
            reviews.append(_review(frame, unknown, outcome.meter_serial))
    return reviews


def _review(frame: PendingFrame, why: NoReadout, meter_serial: str | None = None) -> Review:
    return Review(
        frame.company_id,
        frame.frame_id,
        frame.received_at,
        why.status,
        why.reason,
        why.detail,
        frame.bucket,
        frame.fragment_ids,
        meter_serial,
    )

"""What pending frames say: readouts, as many as may be stored at once, or why there is none."""

import logging
from collections.abc import Sequence

from collectors.readouts import NoReadout, readout_of
from db.enums import MatchStatus
from db.ids import FrameId
from domain.frames.operations import Review
from domain.frames.queries import PendingFrame
from domain.profiles.operations import INTERVALS_MAX
from domain.readings.matching import Readout
from domain.readings.operations import BATCH_MAX

log = logging.getLogger(__name__)


def decoded_batch(
    waiting: Sequence[PendingFrame],
) -> list[tuple[PendingFrame, Readout | NoReadout]]:
    """Decode frames, at least one, up to as much of them as may be stored at once."""
    outcomes: list[tuple[PendingFrame, Readout | NoReadout]] = []
    intervals = reads = 0
    for frame in waiting:
        outcome = _decoded(frame)
        if isinstance(outcome, Readout):
            intervals += sum(len(one.rows) * len(one.channels) for one in outcome.profile)
            reads += 1 + len(outcome.periods)
        if outcomes and (intervals > INTERVALS_MAX or reads > BATCH_MAX):
            break
        outcomes.append((frame, outcome))
    return outcomes


def _decoded(frame: PendingFrame) -> Readout | NoReadout:
    """Decode a frame; a mistake of ours in doing so must not stop the others."""
    try:
        return readout_of(frame)
    except Exception as error:
        log.exception("ingest.not_decoded", extra={"frame": frame.frame_id})
        return failed(error)


def failed(error: Exception) -> NoReadout:
    return NoReadout(MatchStatus.REJECTED, "FAILED", repr(error))


def reviews_of(
    outcomes: Sequence[tuple[PendingFrame, Readout | NoReadout]], unmatched: set[FrameId]
) -> list[Review]:
    reviews = []
    for frame, outcome in outcomes:
        if isinstance(outcome, NoReadout):
            reviews.append(review_of(frame, outcome))
        elif frame.frame_id in unmatched:
            unknown = NoReadout(
                MatchStatus.UNMATCHED, "UNKNOWN_METER", f"no meter {outcome.meter_serial} is known"
            )
            reviews.append(review_of(frame, unknown, outcome.meter_serial))
    return reviews


def review_of(frame: PendingFrame, why: NoReadout, meter_serial: str | None = None) -> Review:
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

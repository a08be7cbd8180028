"""How devices do, by their own period. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from db.enums import Health, SynchronisationOutcome

# Radio slides: a reading may come in the slot after its own, but half a period on it is missed.
LATE_PERIODS = 1.5
# One reading missed is weather, three in a row are a fault; accounts take them for stale too.
SILENT_PERIODS = 3.0


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What is known of a device.

    heard_at: when anything came from it last; None when nothing ever did.
    period: how often something should; None when nothing is expected of it.
    failing: whether it has an error, or was found out of step last.
    """

    heard_at: datetime | None
    period: timedelta | None
    failing: bool


def health(facts: DeviceFacts, *, now: datetime) -> Health:
    """Return the worst that applies to a device."""
    overdue = _overdue_periods(facts, now)
    if overdue > SILENT_PERIODS:
        return Health.SILENT
    if facts.failing:
        return Health.FAILING
    return Health.LATE if overdue > LATE_PERIODS else Health.HEALTHY


def _overdue_periods(facts: DeviceFacts, now: datetime) -> float:
    if facts.period is None:
        return 0.0
    if facts.heard_at is None:
        return float("inf")
    return (now - facts.heard_at) / facts.period


def clock_outcome(deviation: timedelta, *, drift_max: timedelta) -> SynchronisationOutcome:
    """Return whether a clock that is off by so much still counts."""
    if abs(deviation) <= drift_max:
        return SynchronisationOutcome.SUCCEEDED
    return SynchronisationOutcome.FAILED


def parameters_outcome(
    utc_offset: str | None, *, zone: ZoneInfo, now: datetime
) -> SynchronisationOutcome:
    """Return whether a collector keeps the time zone that it should.

    utc_offset: what it tells, such as `+03:00`, without summer time; None when it tells none.
    """
    local = now.astimezone(zone)
    should_be = (local.utcoffset() or timedelta()) - (local.dst() or timedelta())
    if utc_offset is None or _offset(utc_offset) == should_be:
        return SynchronisationOutcome.SUCCEEDED
    return SynchronisationOutcome.FAILED


def _offset(text: str) -> timedelta | None:
    try:
        return datetime.strptime(text, "%z").utcoffset()
    except ValueError:
        return None

"""From when on indexes have to be known to price what came after one of them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.billing.rules import Segment, energy_date
from domain.tariffs.components import Slabs
from domain.tariffs.schedule import day_start, period_start


@dataclass(frozen=True, slots=True)
class Needed:
    """From when on indexes have to be known: for lines of the day, and for slabs to count."""

    day: datetime
    slabs: datetime


def needed_from(before: datetime, segments: Sequence[Segment], zone: ZoneInfo) -> Needed | None:
    """Return what pricing from an anchor on needs to know before it; None without versions."""
    versions = [segment.version for segment in segments if segment.version is not None]
    if not versions:
        return None
    day = energy_date(before, zone)
    shapes = [component.shape for version in versions for component in version.components]
    periods = [shape.period for shape in shapes if isinstance(shape, Slabs)]
    slabs = min([day, *(period_start(day, period) for period in periods)])
    counted = [segment.counted_from for segment in segments if segment.counted_from is not None]
    since = min((at for at in counted if at <= before), default=before)
    return Needed(day_start(day, zone), max(day_start(slabs, zone), since))

"""What meters keep from the ends of billing periods, as readings of then."""

from collections.abc import Iterator
from datetime import datetime

from db.enums import TimeSource
from domain.readings.batch import Read
from domain.readings.matching import Matched, StoredPeriod, read_of
from domain.readings.rules import held_for_its_time, utc_of


def ends(matched: Matched, *, now: datetime) -> Iterator[tuple[datetime, StoredPeriod]]:
    """Yield the periods that may be stored, and when they ended (UTC).

    The meter dated them, so they count where its clock does. It prints them with every readout:
    those too old to store are left out, for it would be no news that they are.
    """
    if matched.time.source is not TimeSource.METER:
        return
    for period in matched.readout.periods:
        at = utc_of(period.ended, matched.zone)
        if at is not None and at <= matched.time.at and held_for_its_time(at, now=now) is None:
            yield at, period


def recalled_read(
    matched: Matched, at: datetime, period: StoredPeriod, register_set_id: int
) -> Read:
    """Return a period's registers as a reading at the end of it.

    Nobody but the meter dated it then: the collector's clock says when it asked.
    """
    return read_of(matched, register_set_id)._replace(
        at=at,
        raw_index_wh=period.raw_index_wh,
        values=period.values,
        time_source=TimeSource.METER,
        meter_at=at,
        collector_at=None,
        is_recalled=True,
    )

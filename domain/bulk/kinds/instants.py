"""Instants that a file tells of."""

from datetime import datetime, timedelta

from domain.bulk.kind import Verdict
from domain.readings.rules import AHEAD_MAX


def judge_past(place: int, column: str, at: datetime, *, now: datetime) -> list[Verdict]:
    """Return the verdict on what has not happened yet, if it has not."""
    if at <= now + AHEAD_MAX:
        return []
    minutes = str(AHEAD_MAX // timedelta(minutes=1))
    return [Verdict(place, column, "IN_THE_FUTURE", {"minutes": minutes})]

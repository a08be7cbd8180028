"""When notices go out, and an overdue invoice may cost the supply as far as they go. Pure."""

from collections.abc import Collection
from datetime import date, timedelta

# By ISO: Saturday and Sunday.
WEEKEND = frozenset({6, 7})
# The one whose delivery counts.
GATING_NOTICE = 2
DAYS_LOOKED_AT_MAX = 366


def is_working(day: date, holidays: Collection[date]) -> bool:
    return day.isoweekday() not in WEEKEND and day not in holidays


def earliest_cut(delivered_on: date, *, working_days: int, holidays: Collection[date]) -> date:
    """Return the first day on which a cut may follow the second notice.

    delivered_on: the local day on which it arrived, which does not count itself.
    working_days: how many whole ones have to lie between (TR: 5). The day itself is a working one.

    :raises ValueError: a year has too few working days
    """
    left = working_days
    for ahead in range(1, DAYS_LOOKED_AT_MAX + 1):
        day = delivered_on + timedelta(days=ahead)
        if not is_working(day, holidays):
            continue
        if left == 0:
            return day
        left -= 1
    raise ValueError(f"no cut within a year of {delivered_on}")


def proven_by(today: date, *, working_days: int, holidays: Collection[date]) -> date:
    """Return the last day on which a notice may have arrived for what follows it to be due.

    today: a working day. working_days: as above.

    :raises ValueError: a year has too few working days
    """
    left = working_days
    for behind in range(1, DAYS_LOOKED_AT_MAX + 1):
        day = today - timedelta(days=behind)
        if left == 0:
            return day
        left -= is_working(day, holidays)
    raise ValueError(f"no notice counts within a year before {today}")

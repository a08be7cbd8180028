"""When an overdue invoice may cost the supply."""

from datetime import date, timedelta

import pytest

from domain.notices.rules import earliest_cut, is_working, proven_by

HOLIDAYS = frozenset({date(2026, 4, 23)})


@pytest.mark.parametrize(
    ("delivered_on", "working_days", "expected"),
    [
        # April 2026: the 1st is a Wednesday.
        pytest.param(date(2026, 4, 1), 5, date(2026, 4, 9), id="over a weekend"),
        pytest.param(date(2026, 4, 4), 5, date(2026, 4, 13), id="delivered on a Saturday"),
        pytest.param(date(2026, 4, 17), 5, date(2026, 4, 28), id="over a holiday"),
        pytest.param(date(2026, 4, 22), 0, date(2026, 4, 24), id="never on a holiday"),
        pytest.param(date(2026, 4, 3), 0, date(2026, 4, 6), id="never on a weekend"),
    ],
)
def test_working_days_lie_between_notice_and_cut(
    delivered_on: date, working_days: int, expected: date
) -> None:
    assert earliest_cut(delivered_on, working_days=working_days, holidays=HOLIDAYS) == expected


def test_a_year_of_holidays_allows_no_cut() -> None:
    every_day = {date.fromordinal(date(2026, 1, 1).toordinal() + n) for n in range(800)}

    with pytest.raises(ValueError, match="no cut"):
        earliest_cut(date(2026, 1, 1), working_days=5, holidays=every_day)


@pytest.mark.parametrize("working_days", [0, 1, 5, 60])
def test_what_is_proven_by_a_day_allows_that_day_and_nothing_later(working_days: int) -> None:
    days = [date(2026, 4, 1) + timedelta(days=n) for n in range(40)]

    for today in (day for day in days if is_working(day, HOLIDAYS)):
        last = proven_by(today, working_days=working_days, holidays=HOLIDAYS)
        allowed = [
            earliest_cut(last + timedelta(days=n), working_days=working_days, holidays=HOLIDAYS)
            for n in (0, 1)
        ]
        assert allowed[0] <= today < allowed[1]

"""Where an account stands, and how fresh what is known of it is."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from db.enums import BillingMode, Segment, Supply
from domain.accounts.rules import freshness, segment

NOW = datetime(2026, 3, 18, 12, tzinfo=UTC)
PERIOD = timedelta(minutes=15)
PREPAID, POSTPAID = BillingMode.PREPAID, BillingMode.POSTPAID
ON, OFF, UNKNOWN = Supply.ON, Supply.OFF, Supply.UNKNOWN


@pytest.mark.parametrize(
    ("mode", "supplies", "balance_micro", "expected"),
    [
        pytest.param(PREPAID, [ON], 101, Segment.CREDIT, id="above the limit"),
        pytest.param(PREPAID, [ON], 100, Segment.WARNING_LIMIT, id="at the limit"),
        pytest.param(PREPAID, [ON], -5, Segment.WARNING_LIMIT, id="exhausted"),
        pytest.param(POSTPAID, [ON], -5, Segment.INVOICED, id="pays by invoice"),
        pytest.param(PREPAID, [OFF], 101, Segment.NO_ENERGY, id="off, with credit"),
        pytest.param(POSTPAID, [OFF, OFF], 0, Segment.NO_ENERGY, id="off, by invoice"),
        pytest.param(PREPAID, [OFF, ON], 101, Segment.CREDIT, id="one of two off"),
        pytest.param(PREPAID, [UNKNOWN], 101, Segment.CREDIT, id="off is not confirmed"),
        pytest.param(PREPAID, [], 101, Segment.CREDIT, id="no meter"),
    ],
)
def test_segment_is_the_first_that_the_facts_allow(
    mode: BillingMode, supplies: Sequence[Supply], balance_micro: int, expected: Segment
) -> None:
    found = segment(
        billing_mode=mode,
        supplies=supplies,
        balance_micro=balance_micro,
        warning_limit_micro=100,
    )

    assert found is expected


@pytest.mark.parametrize(
    ("age", "is_stale"),
    [
        pytest.param(timedelta(0), False, id="now"),
        pytest.param(3 * PERIOD, False, id="three periods"),
        pytest.param(3 * PERIOD + timedelta(seconds=1), True, id="longer"),
    ],
)
def test_a_fact_is_stale_after_three_periods(age: timedelta, is_stale: bool) -> None:
    found = freshness(NOW - age, reading_period=PERIOD, now=NOW)

    assert (found.as_of, found.age, found.is_stale) == (NOW - age, age, is_stale)


def test_a_fact_from_a_clock_that_is_ahead_is_new() -> None:
    found = freshness(NOW + timedelta(minutes=2), reading_period=PERIOD, now=NOW)

    assert (found.age, found.is_stale) == (timedelta(0), False)

"""Where an account stands, and how fresh what is known of it is."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from db.enums import BillingMode, Segment, Supply
from domain.accounts.rules import (
    Limits,
    emergency_credit_offered,
    freshness,
    is_cut_pending,
    segment,
)

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
    ("found", "balance_micro", "expected"),
    [
        pytest.param(Segment.WARNING_LIMIT, 11, False, id="credit is left"),
        pytest.param(Segment.WARNING_LIMIT, 10, True, id="credit has run out"),
        pytest.param(Segment.NO_ENERGY, -5, False, id="cut already"),
        pytest.param(Segment.INVOICED, -5, False, id="pays by invoice"),
    ],
)
def test_a_cut_is_pending_while_who_has_no_credit_has_energy(
    found: Segment, balance_micro: int, expected: bool
) -> None:
    limits = Limits(warning_micro=100, cut_off_micro=10, reconnect_micro=20)

    assert is_cut_pending(found, balance_micro=balance_micro, limits=limits) is expected


@pytest.mark.parametrize(
    ("lent", "balance", "used", "expected"),
    [
        pytest.param(20, 11, 0, None, id="not near the limit"),
        pytest.param(20, 10, 0, 20, id="at the limit"),
        pytest.param(20, -30, 0, 20, id="below it"),
        pytest.param(20, 10, 1, None, id="not repaid in full"),
        pytest.param(0, -30, 0, None, id="nothing is lent"),
    ],
)
def test_emergency_credit_is_offered_near_the_limit_once_it_is_repaid(
    lent: int, balance: int, used: int, expected: int | None
) -> None:
    found = emergency_credit_offered(
        lent_micro=lent, near_micro=10, balance_micro=balance, used_micro=used
    )

    assert found == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param((100, 0, 20), (100, 0, 20), id="as they are"),
        pytest.param((5, 10, 20), (10, 10, 20), id="warned at the cut-off at the latest"),
        pytest.param((100, 10, 5), (100, 10, 10), id="back above the cut-off at the earliest"),
        pytest.param((-5, -10, -20), (-5, -10, -10), id="below zero"),
    ],
)
def test_limits_fit_together(given: tuple[int, int, int], expected: tuple[int, int, int]) -> None:
    warning, cut_off, reconnect = given

    found = Limits.of(warning_micro=warning, cut_off_micro=cut_off, reconnect_micro=reconnect)

    assert (found.warning_micro, found.cut_off_micro, found.reconnect_micro) == expected


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

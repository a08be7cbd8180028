"""How a device does, by its own period."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from db.enums import Health, SynchronisationOutcome
from domain.hierarchy.rules import DeviceFacts, clock_outcome, health, parameters_outcome
from tests.factories import NOW
from tests.health_cases import CASES


@pytest.mark.parametrize(("periods", "expected", "failing", "expects_news"), CASES)
def test_health(periods: float | None, expected: Health, failing: bool, expects_news: bool) -> None:
    period = timedelta(seconds=900)
    facts = DeviceFacts(
        heard_at=None if periods is None else NOW - periods * period,
        period=period if expects_news else None,
        failing=failing,
    )

    assert health(facts, now=NOW) is expected


@pytest.mark.parametrize(
    ("off_s", "expected"),
    [
        pytest.param(300, SynchronisationOutcome.SUCCEEDED, id="as far ahead as it may be"),
        pytest.param(-300, SynchronisationOutcome.SUCCEEDED, id="as far behind as it may be"),
        pytest.param(301, SynchronisationOutcome.FAILED, id="too far ahead"),
        pytest.param(-301, SynchronisationOutcome.FAILED, id="too far behind"),
    ],
)
def test_a_clock_counts_while_it_is_right(off_s: int, expected: SynchronisationOutcome) -> None:
    deviation = timedelta(seconds=off_s)

    assert clock_outcome(deviation, drift_max=timedelta(seconds=300)) is expected


@pytest.mark.parametrize(
    ("utc_offset", "zone", "expected"),
    [
        pytest.param("+03:00", "Europe/Istanbul", SynchronisationOutcome.SUCCEEDED, id="the same"),
        pytest.param("+02:00", "Europe/Istanbul", SynchronisationOutcome.FAILED, id="another"),
        pytest.param("+01:00", "Europe/Berlin", SynchronisationOutcome.SUCCEEDED, id="in summer"),
        pytest.param("+02:00", "Europe/Berlin", SynchronisationOutcome.FAILED, id="with summer"),
        pytest.param("here", "Europe/Istanbul", SynchronisationOutcome.FAILED, id="no offset"),
        pytest.param(None, "Europe/Istanbul", SynchronisationOutcome.SUCCEEDED, id="not told"),
    ],
)
def test_a_collector_keeps_the_zone_that_it_should(
    utc_offset: str | None, zone: str, expected: SynchronisationOutcome
) -> None:
    in_summer = NOW + timedelta(days=120)

    assert parameters_outcome(utc_offset, zone=ZoneInfo(zone), now=in_summer) is expected

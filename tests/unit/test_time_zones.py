"""Time zones mean the same on every machine."""

import pytest

from domain.hierarchy import checks
from domain.refusals import InvalidValue


@pytest.mark.parametrize("zone", ["Europe/Istanbul", "UTC", "Etc/GMT-3"])
def test_a_zone_that_all_know_is_taken(zone: str) -> None:
    assert checks.time_zone(zone, "time_zone") == checks.clock_rule(zone, "clock_rule") == zone


@pytest.mark.parametrize(
    "zone", ["localtime", "right/UTC", "posix/UTC", "Nowhere/Land", "", "../x"]
)
def test_a_zone_of_one_machine_is_refused(zone: str) -> None:
    with pytest.raises(InvalidValue):
        checks.time_zone(zone, "time_zone")
    with pytest.raises(InvalidValue):
        checks.clock_rule(zone, "clock_rule")


def test_a_clock_may_keep_a_fixed_offset() -> None:
    assert checks.clock_rule("+03:00", "clock_rule") == "+03:00"

"""What the demo's company is made of."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from cli.demo.plan import (
    BELOW_LIMIT,
    CHECK,
    COMMON_AREA,
    CROSSES_LIMIT,
    OVERDRAWN,
    POSTPAID,
    PRICE_PER_KWH,
    WARNING_LIMIT,
    DemoMeter,
    Plan,
)
from collectors.simulator.load import energy_wh
from db.enums import BillingMode, PointRole
from tests.factories import NOW

SINCE = NOW - timedelta(hours=6)
PLAN = Plan(attempt=1, meter_count=200, collector_count=4)


def left(meter: DemoMeter, at: datetime) -> Decimal:
    """Return what is left of the first credit when the meter has run until then."""
    used = energy_wh(meter.simulated.seed, at) - energy_wh(meter.simulated.seed, SINCE)
    return meter.credit(since=SINCE, now=NOW) - PRICE_PER_KWH * used / 1000


def test_one_account_runs_low_soon() -> None:
    meter = PLAN.meters[CROSSES_LIMIT]

    assert left(meter, NOW) > WARNING_LIMIT >= left(meter, NOW + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("kind", "lowest", "highest"),
    [
        pytest.param(BELOW_LIMIT, 0, WARNING_LIMIT, id="below the warning limit"),
        pytest.param(OVERDRAWN, -10, 0, id="overdrawn"),
    ],
)
def test_some_accounts_are_low_from_the_start(kind: int, lowest: int, highest: int) -> None:
    assert lowest < left(PLAN.meters[kind], NOW) < highest


@pytest.mark.parametrize("days", [1, 60])
def test_the_others_have_credit_however_long_the_story_is(days: int) -> None:
    meter = PLAN.meters[CHECK + 1]
    since = NOW - timedelta(days=days)
    used = energy_wh(meter.simulated.seed, NOW) - energy_wh(meter.simulated.seed, since)

    assert meter.credit(since=since, now=NOW) - PRICE_PER_KWH * used / 1000 == 500 + 6 * 50


def test_every_kind_of_point_and_account_occurs() -> None:
    meters = PLAN.meters

    assert meters[POSTPAID].billing_mode is BillingMode.POSTPAID
    assert meters[POSTPAID].credit(since=SINCE, now=NOW) == 0
    assert meters[COMMON_AREA].role is PointRole.COMMON_AREA
    assert meters[CHECK].role is PointRole.CHECK


def test_no_attempt_is_in_the_way_of_a_later_one() -> None:
    later = Plan(attempt=2, meter_count=200, collector_count=4)

    serials, others = ({meter.serial for meter in plan.meters} for plan in (PLAN, later))

    assert (len(serials), serials & others) == (200, set())
    assert PLAN.collector_serial(0) != later.collector_serial(0)
    assert PLAN.company_name != later.company_name

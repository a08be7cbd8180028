"""Reactive energy at the end of a month: limits, exemptions, and faults that are forgiven."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from domain.tariffs.presets import TR_REACTIVE
from domain.tariffs.reactive import Connection, Month, ReactiveRules, Verdict, judge

SHOP = Connection(installed_kva=Decimal(30), connection_kw=Decimal(25), phases=3)
FACTORY = Connection(installed_kva=Decimal(50), connection_kw=Decimal(40), phases=3)
MARCH = Month(first_day=date(2026, 3, 1), active_wh=1000, inductive_varh=0, capacitive_varh=0)


def month(inductive_varh: int, capacitive_varh: int, *, active_wh: int = 1000) -> Month:
    return replace(
        MARCH,
        active_wh=active_wh,
        inductive_varh=inductive_varh,
        capacitive_varh=capacitive_varh,
    )


@pytest.mark.parametrize(
    ("connection", "measured", "charged_varh"),
    [
        pytest.param(FACTORY, month(200, 150), 0, id="at the limits of 50 kVA and more"),
        pytest.param(FACTORY, month(201, 0), 201, id="all of it and not the excess"),
        pytest.param(FACTORY, month(0, 151), 151, id="capacitive"),
        pytest.param(FACTORY, month(300, 400), 400, id="the larger of both"),
        pytest.param(FACTORY, month(201, 199), 201, id="the larger of both, inductive"),
        pytest.param(FACTORY, month(190, 160), 160, id="not the larger one if it is within"),
        pytest.param(SHOP, month(330, 200), 0, id="at the limits below 50 kVA"),
        pytest.param(SHOP, month(331, 200), 331, id="over the limit below 50 kVA"),
        pytest.param(FACTORY, month(1, 0, active_wh=0), 1, id="no active energy"),
        pytest.param(FACTORY, month(0, 0, active_wh=0), 0, id="no energy at all"),
        pytest.param(replace(FACTORY, category="RESIDENTIAL"), month(900, 0), 0, id="residential"),
        pytest.param(replace(FACTORY, category="LIGHTING"), month(900, 0), 0, id="lighting"),
        pytest.param(replace(FACTORY, phases=1), month(900, 0), 0, id="single phase"),
        pytest.param(replace(SHOP, connection_kw=Decimal(9)), month(900, 0), 0, id="up to 9 kW"),
        pytest.param(
            replace(SHOP, connection_kw=Decimal("9.1")), month(900, 0), 900, id="more than 9 kW"
        ),
    ],
)
def test_charged_reactive_energy(
    connection: Connection, measured: Month, charged_varh: int
) -> None:
    assert judge(TR_REACTIVE, connection, measured).charged_varh == charged_varh


def test_ratios_are_told_with_the_verdict() -> None:
    assert judge(TR_REACTIVE, FACTORY, month(250, 150)) == Verdict(
        inductive_ratio=Fraction(1, 4),
        capacitive_ratio=Fraction(3, 20),
        inductive_over=True,
        charged_varh=250,
    )


def test_without_active_energy_there_is_no_ratio() -> None:
    verdict = judge(TR_REACTIVE, FACTORY, month(1, 0, active_wh=0))

    assert (verdict.inductive_ratio, verdict.inductive_over) == (None, True)
    assert (verdict.capacitive_ratio, verdict.capacitive_over) == (None, False)


FAULT = replace(month(500, 0), compensation_fault=True)
KEPT = replace(TR_REACTIVE, waiver_ends_with_the_next=False)
JANUARY, LAST_YEAR = date(2026, 1, 1), date(2025, 12, 1)


@pytest.mark.parametrize(
    ("rules", "measured", "forgiven", "expected"),
    [
        pytest.param(TR_REACTIVE, FAULT, (), (0, True, ()), id="the first fault of a year"),
        pytest.param(TR_REACTIVE, month(500, 0), (), (500, False, ()), id="no fault"),
        pytest.param(
            TR_REACTIVE, FAULT, (LAST_YEAR,), (0, True, ()), id="forgiven in another year"
        ),
        pytest.param(
            TR_REACTIVE, FAULT, (JANUARY,), (500, False, (JANUARY,)), id="again, with the first"
        ),
        pytest.param(KEPT, FAULT, (JANUARY,), (500, False, ()), id="again, without the first"),
        pytest.param(
            TR_REACTIVE,
            replace(month(100, 0), compensation_fault=True),
            (JANUARY,),
            (0, False, ()),
            id="a fault within the limits",
        ),
    ],
)
def test_a_compensation_fault_is_forgiven_once_a_year(
    rules: ReactiveRules,
    measured: Month,
    forgiven: tuple[date, ...],
    expected: tuple[int, bool, tuple[date, ...]],
) -> None:
    verdict = judge(rules, FACTORY, measured, forgiven=forgiven)

    assert (verdict.charged_varh, verdict.waived, verdict.recalled) == expected

"""Which months of a year are judged, on what, and which are forgiven or charged after all."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import permutations

import pytest

from db.enums import NotJudged
from domain.month_charges.energies import Energies
from domain.month_charges.verdicts import Facts, MonthFacts, connection_of, year
from domain.tariffs.presets import TR_REACTIVE
from domain.tariffs.reactive import LimitClass

FACTORY = Facts(installed_kva=Decimal(160), connection_kw=Decimal(120), phases=3)
OVER = Energies(1000, 300, 0)
ONE_CLASS = replace(TR_REACTIVE, classes=(LimitClass(Decimal(0), Decimal("0.2"), Decimal("0.2")),))


def month(number: int, *, fault: bool = False, energies: Energies = OVER) -> MonthFacts:
    return MonthFacts(
        first_day=date(2026, number, 1),
        rules=TR_REACTIVE,
        facts=FACTORY,
        energies=energies,
        compensation_fault=fault,
    )


@pytest.mark.parametrize(
    ("facts", "is_enough"),
    [
        pytest.param(FACTORY, True, id="all is known"),
        pytest.param(replace(FACTORY, installed_kva=None), False, id="which class"),
        pytest.param(replace(FACTORY, phases=None), False, id="how many phases"),
        pytest.param(replace(FACTORY, connection_kw=None), False, id="which connection power"),
        pytest.param(Facts(phases=1), True, id="one phase needs no more"),
        pytest.param(Facts(connection_kw=Decimal(9)), True, id="a small connection needs no more"),
        pytest.param(Facts(category="RESIDENTIAL"), True, id="a home needs no more"),
        pytest.param(Facts(), False, id="nothing"),
    ],
)
def test_what_has_to_be_known_of_a_connection(facts: Facts, is_enough: bool) -> None:
    assert (connection_of(TR_REACTIVE, facts) is not None) is is_enough


def test_what_no_rule_asks_for_need_not_be_known() -> None:
    plain = replace(ONE_CLASS, single_phase_exempt=False, connection_kw_exempt=Decimal(0))

    assert connection_of(ONE_CLASS, replace(FACTORY, installed_kva=None)) is not None
    assert connection_of(plain, Facts()) is not None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"rules": None}, NotJudged.NO_LIMITS, id="no price"),
        pytest.param(
            {"rules": replace(TR_REACTIVE, valid_from=date(2026, 2, 2))},
            NotJudged.LIMITS_LATER,
            id="limits from within the month on",
        ),
        pytest.param({"is_shared": True}, NotJudged.SHARED, id="shared"),
        pytest.param({"facts": Facts()}, NotJudged.CONNECTION_UNKNOWN, id="an unknown connection"),
        pytest.param(
            {"energies": NotJudged.READINGS_MISSING}, NotJudged.READINGS_MISSING, id="not read"
        ),
    ],
)
def test_a_month_that_is_not_judged_says_why(changes: dict[str, object], reason: NotJudged) -> None:
    (judged,) = year([replace(month(2), **changes)]).values()  # type: ignore[arg-type] # by name

    assert (judged.not_judged, judged.verdict, judged.charged_varh) == (reason, None, 0)


@pytest.mark.parametrize(
    ("faults", "charged", "recalled_by"),
    [
        pytest.param((), (300, 300, 300), {}, id="no fault"),
        pytest.param((2,), (300, 0, 300), {}, id="one is forgiven"),
        pytest.param((1, 3), (300, 300, 300), {1: 3}, id="the second one ends that"),
        pytest.param((1, 2, 3), (300, 300, 300), {1: 2}, id="the third one changes nothing more"),
    ],
)
def test_one_fault_a_year_is_forgiven_until_the_next(
    faults: tuple[int, ...], charged: tuple[int, ...], recalled_by: dict[int, int]
) -> None:
    judged = year([month(number, fault=number in faults) for number in (1, 2, 3)])

    assert tuple(one.charged_varh for one in judged.values()) == charged
    assert {
        day.month: one.recalled_by.month for day, one in judged.items() if one.recalled_by
    } == recalled_by


def test_a_fault_that_caused_nothing_ends_no_waiver() -> None:
    judged = year([month(1, fault=True), month(2, fault=True, energies=Energies(1000, 1, 1))])

    assert [one.charged_varh for one in judged.values()] == [0, 0]
    assert judged[date(2026, 1, 1)].recalled_by is None


def test_a_month_that_is_not_judged_takes_no_waiver() -> None:
    unread = replace(month(1, fault=True), energies=NotJudged.READINGS_MISSING)

    judged = year([unread, month(2, fault=True)])

    assert [one.charged_varh for one in judged.values()] == [0, 0]
    assert judged[date(2026, 2, 1)].verdict is not None


def test_what_is_known_in_whatever_order_comes_to_the_same() -> None:
    months = [month(1, fault=True), month(2), month(3, fault=True)]
    whole = year(months)

    for known in permutations(months):
        told: list[MonthFacts] = []
        judged = {}
        for one in known:
            told = sorted([*told, one], key=lambda of: of.first_day)
            judged = dict(year(told))
        assert judged == whole

"""One warning for each fall to the limit, and never a reason to look again at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.accounts.rules import Limits
from domain.warnings.rules import Judgement, Marks, judged

LIMITS = Limits(warning_micro=50, cut_off_micro=0, reconnect_micro=20)
MARGIN = 10
BALANCES = st.integers(-100, 200)


@pytest.mark.parametrize(
    ("balance", "was_warned", "expected"),
    [
        pytest.param(100, False, Judgement(False, False, Marks(50, None)), id="enough credit"),
        pytest.param(50, False, Judgement(True, True, Marks(0, 60)), id="falls to the limit"),
        pytest.param(50, True, Judgement(False, True, Marks(0, 60)), id="warned already"),
        pytest.param(59, True, Judgement(False, True, Marks(0, 60)), id="not far enough above"),
        pytest.param(60, True, Judgement(False, False, Marks(50, None)), id="has recovered"),
        pytest.param(0, True, Judgement(False, True, Marks(None, 21)), id="runs out"),
        pytest.param(-5, False, Judgement(True, True, Marks(None, 21)), id="falls below both"),
        pytest.param(21, True, Judgement(False, True, Marks(0, 60)), id="supply comes back"),
    ],
)
def test_judgement(balance: int, was_warned: bool, expected: Judgement) -> None:
    found = judged(balance_micro=balance, limits=LIMITS, margin_micro=MARGIN, is_warned=was_warned)

    assert found == expected


limits_of_accounts = st.builds(
    Limits.of,
    warning_micro=st.integers(-60, 60),
    cut_off_micro=st.integers(-60, 60),
    reconnect_micro=st.integers(-60, 60),
)


def crossed(balance: int, marks: Marks) -> bool:
    """Return what the statement that changes balances asks."""
    below, above = marks.wake_below_micro, marks.wake_above_micro
    return (below is not None and balance <= below) or (above is not None and balance >= above)


@given(limits=limits_of_accounts, margin=st.integers(0, 30), balances=st.lists(BALANCES))
def test_each_fall_is_told_once_though_only_crossings_are_looked_at(
    limits: Limits, margin: int, balances: list[int]
) -> None:
    judgement = judged(
        balance_micro=balances[0] if balances else 0,
        limits=limits,
        margin_micro=margin,
        is_warned=False,
    )
    told, expected, is_armed = int(judgement.warns), 0, True
    for balance in balances or [0]:
        if is_armed and balance <= limits.warning_micro:
            expected, is_armed = expected + 1, False
        elif balance >= limits.warning_micro + max(margin, 1):
            is_armed = True
    for balance in balances[1:]:
        if crossed(balance, judgement.marks):
            judgement = judged(
                balance_micro=balance,
                limits=limits,
                margin_micro=margin,
                is_warned=judgement.is_warned,
            )
            told += judgement.warns

    assert told == expected


@given(
    limits=limits_of_accounts,
    margin=st.integers(0, 30),
    balance=BALANCES,
    is_warned=st.booleans(),
)
def test_looking_again_changes_nothing(
    limits: Limits, margin: int, balance: int, is_warned: bool
) -> None:
    first = judged(balance_micro=balance, limits=limits, margin_micro=margin, is_warned=is_warned)
    second = judged(
        balance_micro=balance, limits=limits, margin_micro=margin, is_warned=first.is_warned
    )

    assert not crossed(balance, first.marks)
    assert second == Judgement(False, first.is_warned, first.marks)


@given(limits=limits_of_accounts, margin=st.integers(0, 30), balance=BALANCES, later=BALANCES)
def test_no_way_past_the_cut_off_or_reconnect_limit_goes_unseen(
    limits: Limits, margin: int, balance: int, later: int
) -> None:
    marks = judged(balance_micro=balance, limits=limits, margin_micro=margin, is_warned=False).marks
    cut, back = limits.cut_off_micro, limits.reconnect_micro

    passes = (balance > cut >= later) or (balance <= back < later)

    assert crossed(later, marks) or not passes

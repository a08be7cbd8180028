"""How an account that ends is settled: nothing is left on it but what is still owed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.accounts.rules import Settlement, settlement

MICRO = st.integers(0, 10**12)


@pytest.mark.parametrize(
    ("balance", "debt", "emergency", "expected"),
    [
        pytest.param(0, 0, 0, Settlement(0, 0, 0, 0), id="nothing"),
        pytest.param(70, 0, 0, Settlement(70, 0, 0, 70), id="what is left is refunded"),
        pytest.param(-30, 0, 0, Settlement(-30, 0, -30, 0), id="what lacks is claimed"),
        pytest.param(70, 50, 0, Settlement(70, 0, 50, 20), id="after the debt"),
        pytest.param(70, 90, 0, Settlement(70, 0, 70, 0), id="which it may not cover"),
        pytest.param(10, 0, 20, Settlement(10, 20, -10, 0), id="an unpaid loan is owed"),
        pytest.param(100, 30, 20, Settlement(100, 20, 30, 50), id="loan and debt first"),
        pytest.param(-5, 30, 20, Settlement(-5, 20, -25, 0), id="all of it is owed"),
    ],
)
def test_what_is_left_pays_what_is_owed_first(
    balance: int, debt: int, emergency: int, expected: Settlement
) -> None:
    assert (
        settlement(balance_micro=balance, debt_micro=debt, emergency_used_micro=emergency)
        == expected
    )


@given(st.integers(-(10**12), 10**12), MICRO, MICRO)
def test_nothing_is_lost_and_nobody_is_refunded_who_owes(
    balance: int, debt: int, emergency: int
) -> None:
    settled = settlement(balance_micro=balance, debt_micro=debt, emergency_used_micro=emergency)

    owed = debt - settled.debt_paid
    assert settled.credit == settled.emergency_repaid + settled.debt_paid + settled.refunded
    assert settled.refunded - owed == balance - debt - emergency
    assert min(settled.refunded, owed) == 0

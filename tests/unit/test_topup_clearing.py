"""What a top-up pays, in whole coins and in its turn."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.currencies import is_payable
from domain.topups.clearing import Cleared, Owed, Share, clear
from tests.unit.topup_facts import ACCOUNT, D


def parts(cleared: Cleared) -> tuple[Decimal, ...]:
    return (
        cleared.debt_share,
        cleared.debt,
        cleared.balance,
        cleared.emergency,
        cleared.remainder,
    )


def test_a_share_of_ten_percent_with_a_cap_of_five_a_week_takes_one_on_each_of_five_days() -> None:
    owed, taken, shares = D(100), D(0), []

    for _ in range(7):
        share = Share(D(10), cap=D(5), taken=taken)
        cleared = clear(D(10), Owed(shared_debt=owed), share=share)
        taken += cleared.debt_share
        owed -= cleared.debt_share
        shares.append(cleared.debt_share)

    assert shares == [D(1)] * 5 + [D(0)] * 2


@pytest.mark.parametrize(
    ("amount", "owed", "share", "expected"),
    [
        pytest.param("10", Owed(), None, "0 0 0 0 10", id="nothing is owed"),
        pytest.param("10", Owed(balance=D(3)), None, "0 0 0 0 10", id="credit is there"),
        pytest.param("10", Owed(debt=D(4)), None, "0 4 0 0 6", id="debt first"),
        pytest.param("10", Owed(debt=D(40)), None, "0 10 0 0 0", id="debt takes all"),
        pytest.param(
            "10",
            Owed(shared_debt=D(9), debt=D(2), balance=D(-3), emergency_used=D(1)),
            Share(D(20)),
            "2 2 3 1 2",
            id="each in its turn",
        ),
        pytest.param(
            "5", Owed(debt=D(2), balance=D(-4), emergency_used=D(1)), None, "0 2 3 0 0", id="short"
        ),
        pytest.param(
            "10", Owed(shared_debt=D("0.4")), Share(D(10)), "0.4 0 0 0 9.6", id="less debt is left"
        ),
        pytest.param(
            "10", Owed(shared_debt=D(9)), Share(D(10), cap=D(5), taken=D(7)), "0 0 0 0 10", id="cap"
        ),
        pytest.param(
            "0.01", Owed(shared_debt=D(9)), Share(D("33.33")), "0.003333 0 0 0 0.006667", id="down"
        ),
    ],
)
def test_clearing(amount: str, owed: Owed, share: Share | None, expected: str) -> None:
    assert parts(clear(D(amount), owed, share=share)) == tuple(map(D, expected.split()))


@given(
    amount=st.integers(1, 10**9),
    owed=st.tuples(*[st.integers(0, 10**9)] * 4),
    percent=st.integers(1, 100),
)
def test_a_payment_goes_somewhere_to_the_last_digit(
    amount: int, owed: tuple[int, int, int, int], percent: int
) -> None:
    shared, debt, negative, emergency = (D(one) / 100 for one in owed)
    standing = Owed(shared_debt=shared, debt=debt, balance=-negative, emergency_used=emergency)

    cleared = clear(D(amount) / 100, standing, share=Share(D(percent)))

    assert sum(parts(cleared)) == D(amount) / 100
    assert sum(line.amount for line in cleared.lines(ACCOUNT)) == D(amount) / 100
    assert all(part >= 0 for part in parts(cleared))


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("10.50", "TRY", True),
        ("10.505", "TRY", False),
        ("0", "TRY", False),
        ("-1", "TRY", False),
        ("100", "JPY", True),
        ("100.5", "JPY", False),
        ("1.005", "KWD", True),
    ],
)
def test_only_whole_coins_are_payable(amount: str, currency: str, expected: bool) -> None:
    assert is_payable(D(amount), currency) is expected

"""Amounts are exact or refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import MICRO_MAX, major, micro


@given(st.integers(-MICRO_MAX, MICRO_MAX))
def test_millionths_come_back(amount_micro: int) -> None:
    assert micro(major(amount_micro)) == amount_micro


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("0.0000001", "at most six decimals"),
        ("NaN", "a finite number"),
        ("Infinity", "a finite number"),
        ("9223372036854.775808", "at most 9223372036854.775807"),
    ],
)
def test_what_is_not_exact_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        micro(Decimal(text))


def test_amounts_are_shown_with_six_decimals() -> None:
    assert str(major(-2_500_000)) == "-2.500000"

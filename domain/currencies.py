"""What can be paid of an amount, as against what is charged to six decimals."""

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from domain.money import decimals_of, micro


def coin(currency: str) -> int:
    """Return the least that is paid, in millionths."""
    return micro(Decimal(1).scaleb(-decimals_of(currency)))


def payable(amount: Decimal, currency: str) -> Decimal:
    """Return an amount of major units as it is paid: in whole minor units, half away from zero.

    The one place where money is rounded to minor units: invoices are, and payments come so.
    """
    return amount.quantize(Decimal(1).scaleb(-decimals_of(currency)), rounding=ROUND_HALF_UP)


def in_whole_coins(amount: Decimal, currency: str) -> Decimal:
    """Return the whole minor units of an amount, rounded down: what lacks a part lacks a coin."""
    return amount.quantize(Decimal(1).scaleb(-decimals_of(currency)), rounding=ROUND_FLOOR)


def is_payable(amount: Decimal, currency: str) -> bool:
    """Whether somebody can pay just that: above zero, and in whole minor units."""
    return amount > 0 and payable(amount, currency) == amount

"""Exact money: int8 millionths in hot tables, six decimals everywhere else."""

import re
from decimal import ROUND_HALF_UP, Decimal

MICRO = Decimal("0.000001")
MICRO_MAX = 2**63 - 1
# Beyond it, a whole number of millionths does not fit.
AMOUNT_MAX = 9_223_372_036_854
CURRENCY = re.compile(r"[A-Z]{3}")
# Of ISO 4217, currencies with no decimals and with three; others have two.
WITHOUT = (
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"),
    *("PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"),
)
WITH_THREE = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
DECIMALS = {**dict.fromkeys(WITHOUT, 0), **dict.fromkeys(WITH_THREE, 3)}


def micro(amount: Decimal) -> int:
    """Return `amount` in millionths.

    :raises ValueError: it is not finite, has more than six decimals or does not fit
    """
    if not amount.is_finite():
        raise ValueError(f"amount is {amount}; a finite number was expected")
    scaled = amount.scaleb(6)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"amount is {amount}; at most six decimals were expected")
    if abs(scaled) > MICRO_MAX:
        raise ValueError(
            f"amount is {amount}; at most {Decimal(MICRO_MAX).scaleb(-6)} was expected"
        )
    return int(scaled)


def major(amount_micro: int) -> Decimal:
    """Return millionths as major units with six decimals."""
    return Decimal(amount_micro).scaleb(-6).quantize(MICRO, rounding=ROUND_HALF_UP)


def decimals_of(currency: str) -> int:
    """Return how many decimals people pay a currency with."""
    return DECIMALS.get(currency, 2)

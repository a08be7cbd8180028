"""What the books must say, worked out from what the meters showed and from nothing of ours."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from tests.chaos.field import Shown, SimulatedField, Supplied
from tests.factories import PRICE

ZONE = ZoneInfo("Europe/Istanbul")
MICRO = Decimal(1_000_000)
WH_PER_KWH = Decimal(1_000)

Charges = Counter[tuple[int, int, date]]
"""Millionths by company, account and local day."""


def charges_due(field: SimulatedField) -> Charges:
    """Return what every account owes for each local day."""
    due: Charges = Counter()
    for supplied in field.supplied:
        due.update(_charges(supplied, supplied.meter.shown))
    return due


def balances_due(due: Charges) -> Counter[tuple[int, int]]:
    """Return the balances of accounts that nobody has paid into, in millionths."""
    balances: Counter[tuple[int, int]] = Counter()
    for (company_id, account_id, _), amount in due.items():
        balances[company_id, account_id] -= amount
    return balances


def _charges(supplied: Supplied, shown: Iterable[Shown]) -> Charges:
    charges: Charges = Counter()
    before = 0
    for one in sorted(shown, key=lambda one: one.at):
        cost = _cost_micro(supplied, one.index_wh - supplied.opening_wh)
        day = (one.at - timedelta(microseconds=1)).astimezone(ZONE).date()
        charges[supplied.company_id, supplied.account_id, day] += cost - before
        before = cost
    return charges


def _cost_micro(supplied: Supplied, energy_wh: int) -> int:
    exact = PRICE * supplied.multiplier * energy_wh / WH_PER_KWH * MICRO
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))

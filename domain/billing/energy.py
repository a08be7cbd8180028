"""How much energy readings tell of, per account and local day. Pure; knows of no price."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from db.ids import AccountId, CompanyId
from domain.billing.accrual import Charge
from domain.billing.rules import Anchor, Segment, TaxKey, energy_date, pieces

NONE = Decimal(0)
Energy = dict[tuple[AccountId, date], Decimal]
"""Wh on the consumer's side of the multiplier, by account and local day."""


def consumed(anchors: Sequence[Anchor], segments: Sequence[Segment], zone: ZoneInfo) -> Energy:
    """Return the energy between the first and the last anchor, each piece on the day it ends in.

    anchors, segments: as `rules.bill` takes them.
    """
    made: Energy = {}
    for start, end in pieces(anchors, segments):
        segment = next((s for s in segments if s.covers(start.at)), None)
        if segment is not None:
            key = (segment.account_id, energy_date(end.at, zone))
            energy_wh = segment.multiplier * (end.index_wh - start.index_wh)
            made[key] = made.get(key, NONE) + energy_wh
    return made


def less(charged: Energy, deducted: Energy) -> Energy:
    """Return what is left of energy, which may be below zero where it is settled apart."""
    keys = charged.keys() | deducted.keys()
    return {key: charged.get(key, NONE) - deducted.get(key, NONE) for key in keys}


def settlement(
    company_id: CompanyId,
    *,
    charges: Mapping[tuple[AccountId, date], int],
    after: Energy,
    before: Energy,
    taxes: Mapping[TaxKey, int],
) -> list[Charge]:
    """Return charges with the energy that they are for; energy may move where no money does.

    taxes: what of the charges is taxes, which may move without them as well.
    """
    moved = {
        key: after.get(key, NONE) - before.get(key, NONE) for key in after.keys() | before.keys()
    }
    keys = charges.keys() | {key for key, energy_wh in moved.items() if energy_wh}
    due = Counter(charges)
    made = [Charge(company_id, *key, due[key], moved.get(key, NONE)) for key in sorted(keys)]
    return made + [
        Charge(company_id, account_id, day, 0, NONE, side, tax, amount_micro)
        for (account_id, day, side, tax), amount_micro in sorted(taxes.items())
    ]

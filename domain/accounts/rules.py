"""Where an account stands, and how fresh what we know of it is. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.enums import BillingMode, Segment, Supply

STALE_PERIODS = 3


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old a fact is, and whether that is too old for the device that it came from."""

    as_of: datetime
    age: timedelta
    is_stale: bool


def segment(
    *,
    billing_mode: BillingMode,
    supplies: Collection[Supply],
    balance_micro: int,
    warning_limit_micro: int,
) -> Segment:
    """Return the first segment that the facts allow, in the order of their urgency.

    supplies: of every meter that charges the account now; an account without any has no supply
        that could be off.
    """
    if supplies and all(supply is Supply.OFF for supply in supplies):
        return Segment.NO_ENERGY
    if billing_mode is BillingMode.POSTPAID:
        return Segment.INVOICED
    if balance_micro <= warning_limit_micro:
        return Segment.WARNING_LIMIT
    return Segment.CREDIT


def freshness(as_of: datetime, *, reading_period: timedelta, now: datetime) -> Freshness:
    """Return how fresh a fact of `as_of` is: stale once several readings in a row are missing."""
    # A meter's clock may be ahead of ours by the drift that is allowed.
    age = max(now - as_of, timedelta())
    return Freshness(as_of, age, age > STALE_PERIODS * reading_period)

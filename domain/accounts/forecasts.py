"""For how long credit lasts, and how much more is needed. Pure; amounts are in millionths."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.accounts.rules import Limits
from domain.money import major, micro
from domain.topups.clearing import Owed, Share, payment_for

# The local days whose charges are the recent use: as many before, and the one that is not over.
RECENT_DAYS = 6
# From less nobody can tell a rate.
KNOWN_MIN = timedelta(hours=6)
# Further away is as good as never.
AHEAD_DAYS_MAX = 3650
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
DAY_US = DAY // MICROSECOND


@dataclass(frozen=True, slots=True)
class Forecast:
    """When credit runs out if use goes on as it did. runs_out_at: None when it does not."""

    daily_use_micro: int
    runs_out_at: datetime | None


def forecast(
    *, balance_micro: int, limits: Limits, used_micro: int, since: datetime, as_of: datetime
) -> Forecast | None:
    """Return for how long the balance lasts; None while too little is known.

    used_micro: what was charged for the time from `since` to `as_of`, which the balance is of.
    """
    known = as_of - since
    if known < KNOWN_MIN:
        return None
    daily_use_micro = max(used_micro * DAY_US // (known // MICROSECOND), 0)
    left_micro = balance_micro - limits.cut_off_micro
    if left_micro <= 0:
        return Forecast(daily_use_micro, as_of)
    if left_micro > AHEAD_DAYS_MAX * daily_use_micro:
        return Forecast(daily_use_micro, None)
    left = timedelta(microseconds=left_micro * DAY_US // daily_use_micro)
    return Forecast(daily_use_micro, as_of + left)


def projected(*, balance_micro: int, daily_use_micro: int, as_of: datetime, now: datetime) -> int:
    """Return what would be left by now if use went on as it did: an estimate, and never a balance.

    as_of: what the balance is of.
    """
    silent = max(now - as_of, timedelta())
    return balance_micro - daily_use_micro * (silent // MICROSECOND) // DAY_US


def days_left(runs_out_at: datetime, *, now: datetime) -> int:
    """Return how many whole days are left."""
    return max(runs_out_at - now, timedelta()) // DAY


def smallest_top_up(
    owed: Owed,
    *,
    limits: Limits,
    margin_micro: int,
    share: Share | None = None,
    minimum_micro: int = 0,
    decimals: int,
) -> int | None:
    """Return what brings supply back, or where it is on, what ends the warning.

    It pays what is owed before it is credit, and is not below what the company sells at a time.

    margin_micro: by which a balance has to be above the warning limit for that.
    share: of the payment, for debt. decimals: with which the currency is paid; the amount is
        rounded up to it.
    None: nothing is needed.
    """
    balance_micro = micro(owed.balance)
    if balance_micro > limits.warning_micro:
        return None
    if balance_micro <= limits.cut_off_micro:
        goal_micro = limits.reconnect_micro + 1
    else:
        goal_micro = limits.warning_micro + max(margin_micro, 1)
    payment = payment_for(
        major(goal_micro - balance_micro),
        owed,
        share=share,
        minimum=major(minimum_micro),
        decimals=decimals,
    )
    return micro(payment)

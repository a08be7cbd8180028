"""Where an account stands, and how fresh what we know of it is. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from db.enums import BillingMode, Segment, Supply
from db.ids import AccountId

STALE_PERIODS = 3


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old a fact is, and whether that is too old for the device that it came from."""

    as_of: datetime
    age: timedelta
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """An account's limits, in millionths.

    At or below the warning limit it is warned, at or below the cut-off limit its credit has run
    out, and above the reconnect limit supply comes back.
    """

    warning_micro: int
    cut_off_micro: int
    reconnect_micro: int

    @classmethod
    def of(cls, *, warning_micro: int, cut_off_micro: int, reconnect_micro: int) -> Self:
        """Return limits that fit together: nobody is cut without a warning, nor cut again at once.

        An account's own limits and its company's may contradict each other; the cut-off limit
        counts then.
        """
        return cls(
            warning_micro=max(warning_micro, cut_off_micro),
            cut_off_micro=cut_off_micro,
            reconnect_micro=max(reconnect_micro, cut_off_micro),
        )


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


@dataclass(frozen=True, slots=True)
class Settlement:
    """What takes an account's balance and loan to nothing, in millionths.

    Its four amounts move CREDIT down, EMERGENCY_CREDIT up, DEBT up and money out.
    """

    credit: int
    emergency_repaid: int
    debt_paid: int
    refunded: int


def settlement(*, balance_micro: int, debt_micro: int, emergency_used_micro: int) -> Settlement:
    """Return how an account that ends is settled: what is left is refunded, what lacks is claimed.

    debt_paid is below zero when the balance does not cover what is owed, which is debt then
    (domain rule 3.12).
    """
    left = balance_micro - debt_micro - emergency_used_micro
    return Settlement(
        credit=balance_micro,
        emergency_repaid=emergency_used_micro,
        debt_paid=debt_micro - max(-left, 0),
        refunded=max(left, 0),
    )


def is_cut_pending(segment: Segment, *, balance_micro: int, limits: Limits) -> bool:
    """Return whether an account's credit has run out, and it has energy still."""
    return segment is Segment.WARNING_LIMIT and balance_micro <= limits.cut_off_micro


def emergency_credit_offered(
    *, lent_micro: int, near_micro: int, balance_micro: int, used_micro: int
) -> int | None:
    """Return what may be borrowed now; None when nothing may (domain rule 3.8).

    lent_micro: what the company lends. near_micro: at or below which balance it does.
    used_micro: what was borrowed and is not repaid: until that is nothing, there is no more.
    """
    is_offered = lent_micro > 0 and used_micro <= 0 and balance_micro <= near_micro
    return lent_micro if is_offered else None


def freshness(as_of: datetime, *, reading_period: timedelta, now: datetime) -> Freshness:
    """Return how fresh a fact of `as_of` is: stale once several readings in a row are missing."""
    # A meter's clock may be ahead of ours by the drift that is allowed.
    age = max(now - as_of, timedelta())
    return Freshness(as_of, age, age > STALE_PERIODS * reading_period)


def may_be_cut_automatically(*, payers: int) -> bool:
    """Whether what an account owes may cut a supply off without a person's decision.

    payers: how many accounts pay for it at that time. Who shares a supply would be cut for what
    another owes, so never then.
    """
    return payers <= 1


def handed_over(
    shares_ppm: Mapping[AccountId, int], *, by: AccountId, to: AccountId
) -> dict[AccountId, int]:
    """Return who shares a supply once an account has left its part to another, or to a sharer."""
    left = {account_id: share for account_id, share in shares_ppm.items() if account_id != by}
    left[to] = left.get(to, 0) + shares_ppm[by]
    return left

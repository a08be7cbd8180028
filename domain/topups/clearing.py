"""What a top-up pays, and in which order: what is owed comes before credit. Pure."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal
from typing import Self

from db.enums import LedgerAccountKind
from db.ids import AccountId
from domain.ledger.rules import Line
from domain.money import MICRO

ZERO = Decimal(0)
PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """How an account stands, in major units.

    shared_debt: debt of which each payment takes a share. debt: accumulated debt, all due now.
    balance: below zero when that is owed as well. emergency_used: to be repaid.
    """

    shared_debt: Decimal = ZERO
    debt: Decimal = ZERO
    balance: Decimal = ZERO
    emergency_used: Decimal = ZERO

    @classmethod
    def of(
        cls, *, debt: Decimal, balance: Decimal, emergency_used: Decimal, share: "Share | None"
    ) -> Self:
        """Return how an account stands; without a share, all of its debt is due at once."""
        is_shared = share is not None
        return cls(
            shared_debt=debt if is_shared else ZERO,
            debt=ZERO if is_shared else debt,
            balance=balance,
            emergency_used=emergency_used,
        )


@dataclass(frozen=True, slots=True)
class Share:
    """Which part of a payment goes to debt.

    percent: above 0, up to 100. cap: the most in a period; None: no cap. taken: in this period.
    """

    percent: Decimal
    cap: Decimal | None = None
    taken: Decimal = ZERO

    def of(self, amount: Decimal) -> Decimal:
        """Return the share of a payment, rounded in the payer's favour."""
        share = (amount * self.percent / PERCENT).quantize(MICRO, rounding=ROUND_DOWN)
        return share if self.cap is None else min(share, max(self.cap - self.taken, ZERO))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """Where a payment went; the parts sum to it."""

    debt_share: Decimal
    debt: Decimal
    balance: Decimal
    emergency: Decimal
    remainder: Decimal

    @property
    def amount(self) -> Decimal:
        """Return what was paid."""
        return self.debt_share + self.debt + self.balance + self.emergency + self.remainder

    def lines(self, account_id: AccountId) -> list[Line]:
        """Return the account's lines: what covers a negative balance is credit as well."""
        sides = (
            (LedgerAccountKind.DEBT, self.debt_share + self.debt),
            (LedgerAccountKind.EMERGENCY_CREDIT, self.emergency),
            (LedgerAccountKind.CREDIT, self.balance + self.remainder),
        )
        return [Line(side, amount, account_id) for side, amount in sides if amount]


def clear(amount: Decimal, owed: Owed, *, share: Share | None) -> Cleared:
    """Return where a payment goes: debt share, debt, negative balance, emergency credit, the rest.

    amount: above zero. share: None when no share was agreed.
    """
    left = amount

    def take(wanted: Decimal) -> Decimal:
        nonlocal left
        taken = min(max(wanted, ZERO), left)
        left -= taken
        return taken

    debt_share = take(ZERO if share is None else min(share.of(amount), owed.shared_debt))
    debt = take(owed.debt)
    balance = take(-owed.balance)
    emergency = take(owed.emergency_used)
    return Cleared(
        debt_share=debt_share, debt=debt, balance=balance, emergency=emergency, remainder=left
    )


def payment_for(
    credit: Decimal, owed: Owed, *, share: Share | None, minimum: Decimal, decimals: int
) -> Decimal:
    """Return the smallest payment that makes a balance higher by `credit`, or by more.

    credit: above zero. minimum: less than that cannot be paid at a time.
    decimals: with which the currency is paid; the payment is rounded up to it.
    """
    due = credit + owed.debt
    if credit > -owed.balance:
        due += owed.emergency_used
    least = due if share is None else _with_share(due, share, most=owed.shared_debt)
    coin = Decimal(1).scaleb(-decimals)
    return max(least, minimum).quantize(coin, rounding=ROUND_CEILING)


def _with_share(due: Decimal, share: Share, *, most: Decimal) -> Decimal:
    """Return the smallest payment of which `due` is left without its share, in millionths.

    A share takes its percentage, or all that it may still take if that is less: what is enough
    for either is enough.
    """
    limit = most if share.cap is None else min(most, max(share.cap - share.taken, ZERO))
    kept = PERCENT - share.percent
    if kept <= 0:
        return due + limit
    # What is left of a payment is what is kept of it, rounded up: the share is rounded down.
    before = due / MICRO - 1
    at_percent = (before * PERCENT / kept).to_integral_value(ROUND_FLOOR) + 1
    return min(due + limit, at_percent * MICRO)

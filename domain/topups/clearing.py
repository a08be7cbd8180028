"""What a top-up pays, and in which order: what is owed comes before credit. Pure."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from db.enums import LedgerAccountKind
from db.ids import AccountId
from domain.ledger.rules import Line

MICRO = Decimal("0.000001")
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

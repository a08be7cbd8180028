"""What each kind of message tells, and how that waits in the queue. Pure: nothing of the person.

Facts are kept as JSON; a newer release may add some, which have a default then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias, get_args, get_type_hints

from db.enums import InvoiceKind, MessageKind


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in major units, and its currency by ISO 4217."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordReset:
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LowCredit:
    """What is left, and for how long.

    is_used_up: the balance is at or below the cut-off limit.
    days_left: whole days; None when nobody can tell. smallest_top_up: ends the warning.
    """

    account: str
    balance: Money
    as_of: datetime
    is_used_up: bool
    daily_use: Money | None
    days_left: int | None
    runs_out_at: datetime | None
    smallest_top_up: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpReceipt:
    """What was paid, and what it paid for before it was credit, in this order.

    overdrawn: what brought the balance up to zero. balance: after it.
    """

    account: str
    amount: Money
    debt: Money
    overdrawn: Money
    emergency_credit: Money
    balance: Money
    credited_at: datetime
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CutOff:
    account: str
    balance: Money
    at: datetime
    smallest_top_up: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconnection:
    """Supply is back. needs_button: somebody has to press the meter's button first."""

    account: str
    balance: Money
    at: datetime
    needs_button: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice, of a month for the days from the first to the last, or a credit note.

    kind: as of invoices. refers_to: the invoice that a credit note takes back.
    """

    account: str
    number: str
    total: Money
    kind: str = InvoiceKind.MONTHLY
    first_date: date | None = None
    last_date: date | None = None
    due_date: date | None = None
    refers_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueNotice:
    """An invoice is overdue. notice: the how manyth notice of it. open: what is to be paid still.

    gates_cut: the supply may be cut off when it stays unpaid.
    """

    account: str
    number: str
    notice: int
    open: Money
    due_date: date
    gates_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemReport:
    """How a company did on a local day; counts, and zero where nothing is to be done.

    silent_*: devices from which nothing is heard. held_readings, unmatched_transfers,
    unsettled_accounts: what waits for a decision. failed_messages: on that day, bounced ones too.
    book_differences: what checking the books found; None when they could not be checked.
    """

    report_date: date
    silent_collectors: int
    silent_rf_modules: int
    held_readings: int
    failed_messages: int
    unmatched_transfers: int
    unsettled_accounts: int
    book_differences: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultNotice:
    """Devices that have fallen silent.

    device: COLLECTOR or RF_MODULE. names: of the first of them, each with its place.
    since: when the first was heard last.
    """

    device: str
    count: int
    names: tuple[str, ...]
    since: datetime


Facts: TypeAlias = (
    Invitation
    | PasswordReset
    | PasswordChanged
    | LowCredit
    | TopUpReceipt
    | CutOff
    | Reconnection
    | Invoice
    | OverdueNotice
    | SystemReport
    | FaultNotice
)
KINDS: Mapping[MessageKind, type[Facts]] = {
    MessageKind.INVITATION: Invitation,
    MessageKind.PASSWORD_RESET: PasswordReset,
    MessageKind.PASSWORD_CHANGED: PasswordChanged,
    MessageKind.LOW_CREDIT: LowCredit,
    MessageKind.TOP_UP_RECEIPT: TopUpReceipt,
    MessageKind.CUT_OFF: CutOff,
    MessageKind.RECONNECTION: Reconnection,
    MessageKind.INVOICE: Invoice,
    MessageKind.OVERDUE_NOTICE: OverdueNotice,
    MessageKind.SYSTEM_REPORT: SystemReport,
    MessageKind.FAULT_NOTICE: FaultNotice,
}

READERS: Mapping[object, Callable[[Any], object]] = {
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    Money: lambda made: Money(Decimal(made["amount"]), made["currency"]),
    tuple[str, ...]: tuple,
}


def kind_of(facts: Facts) -> MessageKind:
    return next(kind for kind, known in KINDS.items() if type(facts) is known)


def packed(facts: Facts) -> dict[str, object]:
    """Return facts as values of JSON."""
    return {field.name: _packed(getattr(facts, field.name)) for field in fields(facts)}


def unpacked(kind: MessageKind, values: Mapping[str, Any]) -> Facts:
    """Return what was packed; what only a newer release knows is left out.

    :raises KeyError, TypeError, ValueError: it was not packed as this kind
    """
    known, types = KINDS[kind], get_type_hints(KINDS[kind])
    read: dict[str, Any] = {
        field.name: _unpacked(types[field.name], values[field.name])
        for field in fields(known)
        if field.name in values
    }
    return known(**read)


def _packed(value: object) -> object:
    match value:
        case datetime() | date():
            return value.isoformat()
        case Money():
            return {"amount": str(value.amount), "currency": value.currency}
        case tuple():
            return list(value)
    return value


def _unpacked(kind: object, value: object) -> object:
    if value is None:
        return None
    # Of what may be none, the other type.
    choices = [kind] if kind in READERS else [one for one in get_args(kind) if one in READERS]
    return READERS[choices[0]](value) if choices else value

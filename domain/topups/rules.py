"""What is known of a payment after any facts in any order, and what the books must show. Pure.

Each `merged` is commutative and idempotent, save that of two open states at the same instant one
that says more wins. What the books must show follows from what is known alone: an operation posts
the difference to what they show, so that nothing can be posted twice.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from db.enums import (
    DisputeState,
    LedgerAccountKind,
    PaymentStatus,
    PaymentWay,
    RefundState,
    TopUpState,
)
from db.ids import AccountId
from domain.ledger.rules import Line
from domain.topups.facts import DisputeFact, PaymentFact, RefundFact

ZERO = Decimal(0)
FAILURE_CHARACTERS_MAX = 100
WORD = re.compile(r"[^a-z0-9_.-]+")

_REFUND_RANK = list(RefundState)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What is known of a payment. in_flight, credited: what the books must show of it."""

    status: PaymentStatus
    at: datetime
    received: Decimal = ZERO
    failure: str | None = None
    reference: str | None = None
    checkout: str | None = None

    @property
    def credited(self) -> Decimal:
        return self.received if self.status is PaymentStatus.SUCCEEDED else ZERO

    def in_flight(self, amount: Decimal) -> Decimal:
        return amount if self.status is PaymentStatus.PROCESSING else ZERO

    def is_paid_besides(self, fact: PaymentFact) -> bool:
        """Whether a fact tells of a second payment for the same thing."""
        are_paid = self.status is fact.status is PaymentStatus.SUCCEEDED
        references = {self.reference, fact.reference} - {None}
        return are_paid and len(references) > 1


def merged(known: Payment, fact: PaymentFact) -> Payment:
    """Return what is known after a fact: what is final stays, otherwise the newer one counts."""
    named = replace(
        known,
        reference=known.reference or fact.reference,
        checkout=known.checkout or fact.checkout,
    )
    if _weight(fact.status, fact.at, fact.failure) <= _weight(
        known.status, known.at, known.failure
    ):
        return named
    return replace(
        named,
        status=fact.status,
        at=fact.at,
        received=fact.received,
        failure=fact.failure,
        reference=fact.reference or named.reference,
    )


def _weight(
    status: PaymentStatus, at: datetime, failure: str | None
) -> tuple[int, datetime, int, str]:
    finality = {PaymentStatus.SUCCEEDED: 2, PaymentStatus.CANCELLED: 1}.get(status, 0)
    # What is final was so from its first instant on: later facts say the same.
    moment = datetime.min.replace(tzinfo=at.tzinfo) if finality else at
    return finality, moment, int(status is PaymentStatus.PROCESSING), failure or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """What is known of a refund. taken: what the books must take from the account."""

    state: RefundState
    amount: Decimal
    failure: str | None = None

    @property
    def taken(self) -> Decimal:
        return ZERO if self.state is RefundState.FAILED else self.amount


def refund_merged(known: Refund, fact: RefundFact) -> Refund:
    if _REFUND_RANK.index(fact.state) <= _REFUND_RANK.index(known.state):
        return known
    return Refund(state=fact.state, amount=fact.amount, failure=fact.failure)


def as_requested(known: Refund) -> Refund:
    """Return a refund that the provider has not told of, as it was asked for.

    That we gave it up says nothing: whatever the provider tells of it is what became of the money.
    """
    return replace(known, state=RefundState.REQUESTED, failure=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """What is known of a dispute; amounts as in `DisputeFact`."""

    state: DisputeState
    amount: Decimal
    withdrawn: Decimal = ZERO
    reinstated: Decimal = ZERO
    fee: Decimal = ZERO
    movements: int = 0

    @property
    def held(self) -> Decimal:
        """What the account must do without: all of it until the funds are back.

        Withdrawn is not lost, and won is not given back yet. A dispute that is won before anything
        was withdrawn holds nothing.
        """
        claimed = self.withdrawn if self.state is DisputeState.WON else self.amount
        return claimed - self.reinstated

    @property
    def gone(self) -> Decimal:
        """What the provider has taken from the company, the fee aside."""
        claimed = (
            max(self.withdrawn, self.amount) if self.state is DisputeState.LOST else self.withdrawn
        )
        return claimed - self.reinstated


def dispute_merged(known: Dispute, fact: DisputeFact) -> Dispute:
    state = known.state if fact.state is DisputeState.OPEN else fact.state
    if fact.movements <= known.movements:
        return replace(known, state=state)
    return replace(
        known,
        state=state,
        withdrawn=fact.withdrawn,
        reinstated=fact.reinstated,
        fee=fact.fee,
        movements=fact.movements,
    )


def state_of(
    payment: Payment,
    *,
    way: PaymentWay,
    refunded: Decimal,
    disputes: tuple[Dispute, ...] = (),
) -> TopUpState:
    """Return how far a top-up is. refunded: what its refunds take."""
    if payment.status is PaymentStatus.SUCCEEDED:
        return _state_after_credit(payment, refunded, disputes)
    if payment.status is PaymentStatus.PROCESSING:
        return TopUpState.IN_FLIGHT
    was_begun = payment.reference is not None or payment.checkout is not None
    if payment.failure is not None and (way is PaymentWay.SAVED_CARD or not was_begun):
        # Nobody is at a page where another card could be tried.
        return TopUpState.FAILED
    lapsed = payment.status is PaymentStatus.CANCELLED
    return TopUpState.LAPSED if lapsed else TopUpState.STARTED


def _state_after_credit(
    payment: Payment, refunded: Decimal, disputes: tuple[Dispute, ...]
) -> TopUpState:
    if any(one.held > 0 and one.state is not DisputeState.LOST for one in disputes):
        return TopUpState.DISPUTED
    if any(one.held > 0 for one in disputes):
        return TopUpState.CHARGED_BACK
    if refunded >= payment.received:
        return TopUpState.REFUNDED
    return TopUpState.CREDITED


def in_flight_lines(account_id: AccountId, change: Decimal) -> list[Line]:
    return [
        Line(LedgerAccountKind.IN_FLIGHT, change, account_id),
        Line(LedgerAccountKind.PROVIDER_CLEARING, -change),
    ]


def refund_lines(account_id: AccountId, change: Decimal) -> list[Line]:
    """Return what takes more from an account, or gives back what was taken. change: not zero."""
    return [
        Line(LedgerAccountKind.CREDIT, -change, account_id),
        Line(LedgerAccountKind.PROVIDER_CLEARING, change),
    ]


def dispute_lines(
    account_id: AccountId, *, held: Decimal, gone: Decimal, fee: Decimal
) -> list[Line]:
    """Return the lines of changes. What is held and not gone yet lies on the side DISPUTED."""
    sides = (
        (LedgerAccountKind.CREDIT, -held, account_id),
        (LedgerAccountKind.DISPUTED, held - gone, None),
        (LedgerAccountKind.PROVIDER_FEES, -fee, None),
        (LedgerAccountKind.PROVIDER_CLEARING, gone + fee, None),
    )
    return [Line(side, amount, owner) for side, amount, owner in sides if amount]


def fee_lines(fee: Decimal) -> list[Line]:
    """Return what a provider keeps of what it owes us. fee: not zero."""
    return [
        Line(LedgerAccountKind.PROVIDER_FEES, -fee),
        Line(LedgerAccountKind.PROVIDER_CLEARING, fee),
    ]


def word(text: str | None) -> str | None:
    """Return a provider's word as we keep it: short, and without anything odd."""
    if not text:
        return None
    return WORD.sub("_", text.lower())[:FAILURE_CHARACTERS_MAX]

"""What a payment provider says of its objects: whole states, never steps. Pure.

A fact tells how an object was at some instant. Facts come twice, late and in any order; `rules`
says what is known after all of them. Amounts are in major units.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

from db.enums import DisputeState, PaymentStatus, RefundState
from db.ids import CompanyId


@dataclass(frozen=True, slots=True)
class PaymentKey:
    """What we call a payment, for good: the provider keeps it with its object."""

    company_id: CompanyId
    key: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFact:
    """How a payment is.

    key: None when the provider's object does not say whose it is, or is not ours.
    reference: what the provider calls the payment; None before anybody tried to pay.
    checkout: what the provider calls the page for it, where there is one.
    received: what was paid, zero before that.
    at: when it was so, by the provider's clock. failure: why the last attempt failed, as a word.
    """

    key: PaymentKey | None
    reference: str | None
    checkout: str | None = None
    status: PaymentStatus
    received: Decimal
    currency: str
    at: datetime
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFact:
    """How a refund is. key: what we call it; None if it was made at the provider's own desk."""

    reference: str
    payment: str
    key: UUID | None
    state: RefundState
    amount: Decimal
    at: datetime
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeFact:
    """How a dispute is.

    withdrawn, reinstated, fee: what the provider has moved by then; movements: in how many steps,
    which only grow. currency: of all its amounts.
    """

    reference: str
    payment: str
    state: DisputeState
    amount: Decimal
    withdrawn: Decimal
    reinstated: Decimal
    fee: Decimal
    currency: str
    movements: int
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeFact:
    """What the provider took for moving a payment, in the payment's currency.

    reference: of the provider's own entry, of which there may be several for a payment.
    amount: below zero when it was given back. Fees of disputes are theirs, and not here.
    """

    reference: str
    payment: str
    amount: Decimal
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFact:
    """How a saved card is. customer: whose, as the provider calls them; None once it is removed."""

    reference: str
    customer: str | None
    brand: str
    last4: str
    expires_year: int
    expires_month: int


Fact: TypeAlias = PaymentFact | RefundFact | DisputeFact | FeeFact | CardFact

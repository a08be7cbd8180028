"""The life of a payment and of a dispute, as a provider tells of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from db.enums import DisputeState, PaymentStatus
from db.ids import AccountId
from domain.topups.facts import PaymentFact
from domain.topups.rules import Dispute, Payment

AT = datetime(2026, 3, 18, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ACCOUNT = AccountId(7)
D = Decimal


def fact(status: PaymentStatus, seconds: int, failure: str | None = None) -> PaymentFact:
    return PaymentFact(
        key=None,
        reference="pi_1",
        status=status,
        received=D(10) if status is PaymentStatus.SUCCEEDED else D(0),
        currency="TRY",
        at=AT + seconds * SECOND,
        failure=failure,
    )


NEW = Payment(status=PaymentStatus.OPEN, at=AT)
LIFE = (
    fact(PaymentStatus.OPEN, 1),
    fact(PaymentStatus.OPEN, 2, "card_declined"),
    fact(PaymentStatus.PROCESSING, 3),
    fact(PaymentStatus.CANCELLED, 4),
    fact(PaymentStatus.SUCCEEDED, 5),
)
OPENED = Dispute(state=DisputeState.OPEN, amount=D(10))
WITHDRAWN = replace(OPENED, withdrawn=D(10), fee=D(15), movements=1)
REINSTATED = replace(WITHDRAWN, reinstated=D(10), fee=D(0), movements=2)

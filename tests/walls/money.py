"""What a place's account has paid, owes and is told of."""

from decimal import Decimal

from db import access
from db.enums import PaymentMethod
from db.ids import JobId
from domain.hands import Hand
from domain.ledger import adjustments
from domain.ledger.operations import credit_cash
from domain.payments import transfers
from domain.payments.entries import Transfer
from domain.payments.operations import record as record_payment
from tests.db.invoicing import invoice_purchase
from tests.factories import NOW, Place, account_of

# A purchase is paid when it is invoiced: nobody is told of it but here.
OVERDUE = """
    insert into overdue_notice (company_id, invoice_id, number, issued_at, open_micro)
    select company_id, id, 1, $2, 1 from invoice where company_id = $1 and account_id = $3
"""


async def books(place: Place) -> None:
    """Give a place's account an adjustment, an invoice, a payment, and the company a transfer."""
    account_id = account_of(place)
    await adjustments.adjust(
        company_id=place.company_id,
        account_id=account_id,
        amount=Decimal(place.field_id),
        reason=f"For what happened in field {place.field_id}",
        idempotency_key=f"adjustment in field {place.field_id}",
        hand=Hand(),
        now=NOW,
    )
    top_up = await credit_cash(
        company_id=place.company_id,
        account_id=account_id,
        amount=Decimal(place.field_id),
        idempotency_key=f"top-up in field {place.field_id}",
        occurred_at=NOW,
    )
    await invoice_purchase(place, top_up, now=NOW)
    async with access.system() as connection:
        await connection.execute(OVERDUE, place.company_id, NOW, account_id)
    await record_payment(
        company_id=place.company_id,
        account_id=account_id,
        amount=Decimal(place.field_id),
        method=PaymentMethod.CASH,
        reference=f"receipt of field {place.field_id}",
        received_at=NOW,
        idempotency_key=f"payment in field {place.field_id}",
        now=NOW,
    )
    transfer = Transfer(
        booked_date=NOW.date(),
        amount=Decimal(place.field_id),
        currency="TRY",
        text=f"what was written for field {place.field_id}",
        bank_reference=f"transfer for field {place.field_id}",
    )
    async with access.tenant(place.company_id) as connection:
        await transfers.take_in(
            connection, [transfer], company_id=place.company_id, job_id=JobId(1), now=NOW
        )


async def payments(place: Place) -> None:
    """Give a place a top-up with a refund and a dispute, and a card that buys by itself."""
    account_id = account_of(place)
    async with access.system() as connection:
        row = await connection.fetchrow(
            PAYMENTS,
            place.company_id,
            account_id,
            place.subscriber_id,
            f"of field {place.field_id}",
            NOW,
        )
    assert row is not None


PAYMENTS = """
    with card as (
        insert into saved_card (company_id, subscriber_id, provider, reference, brand, last4,
            expires_year, expires_month, saved_at)
        values ($1, $3, 'stripe', 'card ' || $4, 'brand ' || $4, '4242', 2034, 12, $5)
        returning id
    ), bought as (
        insert into top_up (company_id, account_id, way, amount_micro, currency, provider,
            idempotency_key, request_hash, return_url, started_at, payment_at, lapses_at,
            payment_reference, failure)
        values ($1, $2, 'CHECKOUT', 25500000, 'TRY', 'stripe', 'key ' || $4, '', 'page ' || $4,
            $5, $5, $5, 'payment ' || $4, 'failure ' || $4)
        returning id
    ), refunded as (
        insert into top_up_refund (company_id, top_up_id, amount_micro, reason, state, requested_at)
        select $1, id, 5000000, 'refund ' || $4, 'REQUESTED', $5 from bought
    ), disputed as (
        insert into top_up_dispute (company_id, top_up_id, amount_micro, reference, reason, state,
            opened_at)
        select $1, id, 5000000, 'dispute ' || $4, 'dispute ' || $4, 'OPEN', $5 from bought
    )
    insert into automatic_top_up (company_id, account_id, saved_card_id, threshold_micro,
        amount_micro)
    select $1, $2, id, 10000000, 50000000 from card returning id
"""

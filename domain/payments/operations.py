"""Payments: taking them, undoing them, and saying what they pay."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from db import access
from db.access import Connection
from db.enums import PaymentMethod, PaymentState
from db.ids import AccountId, CompanyId, InvoiceId, JournalId, PaymentId
from domain import values
from domain.currencies import is_payable
from domain.invoices import due
from domain.ledger.idempotency import made_under
from domain.ledger.posting import LOCK_BALANCES
from domain.ledger.reversal import reverse as reverse_journal
from domain.ledger.rules import KEY_CHARACTERS_MAX, REASON_CHARACTERS_MAX
from domain.listing import Record
from domain.money import major, micro
from domain.payments import allocation, buying
from domain.payments.booking import book, open_of
from domain.payments.rules import Share
from domain.payments.taken import Taken
from domain.refusals import InvalidValue, NotThere, Refused, StaleVersion

REFERENCE_CHARACTERS_MAX = 200
ALLOCATIONS_MAX = 100

CURRENCY = "select currency from company where id = $1"
ACCOUNT = "select account_id from payment where company_id = $1 and id = $2"
PAYMENT = "select * from payment where company_id = $1 and id = $2"
UNDO = """
    update payment set state = 'REVERSED', reversal_id = $3, reversal_reason = $4,
        version = version + 1
    where company_id = $1 and id = $2
"""
REVIEW_AGAIN = """
    update bank_transfer set state = 'REVIEW', payment_id = null, decided_at = null,
        version = version + 1
    where company_id = $1 and payment_id = $2
"""


class PaymentReversed(Refused):
    """The payment was reversed, and pays nothing any more."""


class AlreadyPaid(Refused):
    """Less of the invoice is open than that: the fact `open`."""


class PaymentTooSmall(Refused):
    """The payment has less than that: the fact `amount`."""


async def record(
    *,
    company_id: CompanyId,
    account_id: AccountId,
    amount: Decimal,
    method: PaymentMethod,
    reference: str | None = None,
    received_at: datetime,
    idempotency_key: str,
    invoice_id: InvoiceId | None = None,
    now: datetime,
) -> PaymentId:
    """Take money for an account; see `record_within`. Anybody's key is none that we make ourselves.

    :raises InvalidValue: nothing was written
    """
    key = values.name(idempotency_key, "idempotency_key", characters_max=KEY_CHARACTERS_MAX)
    async with access.tenant(company_id) as connection:
        return await record_within(
            connection,
            company_id=company_id,
            account_id=account_id,
            amount=amount,
            method=method,
            reference=reference,
            received_at=received_at,
            key=f"asked/{key}",
            invoice_id=invoice_id,
            now=now,
        )


async def record_within(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_id: AccountId,
    amount: Decimal,
    method: PaymentMethod,
    reference: str | None = None,
    received_at: datetime,
    key: str,
    invoice_id: InvoiceId | None = None,
    now: datetime,
) -> PaymentId:
    """Take money for an account, and let it pay the invoice that is named, then the oldest due.

    What is left buys credit where the account pays before it consumes; elsewhere it is credit that
    the next invoices take. amount: major units, above zero, in whole minor units. Returns the
    payment; on a retry, the one already made.

    :raises IdempotencyConflict, InvalidValue, InTheFuture, NotThere: nothing was written
    """
    await _check_payable(connection, company_id, amount)
    taken = Taken(
        company_id=company_id,
        account_id=account_id,
        amount=amount,
        method=method,
        reference=values.optional_name(
            reference, "reference", characters_max=REFERENCE_CHARACTERS_MAX
        ),
        received_at=values.past(received_at, "received_at", now=now),
        key=key,
        invoice_id=invoice_id,
    )
    made = await made_under(
        connection, "payment", company_id=company_id, key=key, request_hash=taken.request_hash
    )
    if made is not None:
        return PaymentId(made)
    await connection.fetch(LOCK_BALANCES, company_id, [account_id])
    payment_id = await book(connection, taken, now=now)
    await allocation.allocate_waiting(
        connection, company_id=company_id, account_ids=[account_id], now=now
    )
    return payment_id


async def reverse(
    *,
    company_id: CompanyId,
    payment_id: PaymentId,
    expected_version: int,
    reason: str,
    now: datetime,
) -> PaymentId:
    """Undo a payment by its exact opposite in the books; the invoices that it paid are open again.

    What of it bought credit is undone with it, and so is the invoice of that.
    A bank transfer that it came by waits for a person again.

    :raises NotThere, StaleVersion, PaymentReversed, InvalidValue: nothing was written
    """
    reason = values.name(reason, "reason", characters_max=REASON_CHARACTERS_MAX)
    async with access.tenant(company_id) as connection:
        payment = await _locked(connection, company_id, payment_id, expected_version)
        bought = await buying.bought_by(connection, company_id=company_id, payment_id=payment_id)
        reversal_id = await _undo(
            connection, company_id, payment["journal_id"], bought, reason, now
        )
        await allocation.release(connection, company_id=company_id, payment_id=payment_id, now=now)
        await connection.execute(UNDO, company_id, payment_id, reversal_id, reason)
        await connection.execute(REVIEW_AGAIN, company_id, payment_id)
        await due.note(connection, company_id=company_id, journal_ids=bought, now=now)
        await due.note_payments(
            connection, company_id=company_id, account_ids=[payment["account_id"]], now=now
        )
        await allocation.allocate_waiting(
            connection, company_id=company_id, account_ids=[payment["account_id"]], now=now
        )
    return payment_id


async def _undo(
    connection: Connection,
    company_id: CompanyId,
    journal_id: JournalId,
    bought: Sequence[JournalId],
    reason: str,
    now: datetime,
) -> JournalId:
    """Undo what a payment is in the books; return what undoes its own transaction there."""
    undone = {
        one: await reverse_journal(
            connection, company_id=company_id, journal_id=one, reason=reason, now=now
        )
        for one in {journal_id, *bought}
    }
    return undone[journal_id]


async def allocate(
    *,
    company_id: CompanyId,
    payment_id: PaymentId,
    expected_version: int,
    amounts: Mapping[InvoiceId, Decimal],
    now: datetime,
) -> PaymentId:
    """Let a payment pay these invoices of its account, and none that it paid before.

    amounts: major units by invoice. What is left waits for the next invoice.

    :raises NotThere, StaleVersion, PaymentReversed, PaymentTooSmall, AlreadyPaid, InvalidValue:
        nothing was written
    """
    if len(amounts) > ALLOCATIONS_MAX:
        raise InvalidValue("allocations", expected=f"at most {ALLOCATIONS_MAX} invoices")
    async with access.tenant(company_id) as connection:
        payment = await _locked(connection, company_id, payment_id, expected_version)
        for amount in amounts.values():
            await _check_payable(connection, company_id, amount, "allocations", "amount")
        given = await allocation.given(connection, company_id=company_id, payment_id=payment_id)
        if sum(map(micro, amounts.values())) > payment["amount_micro"] - given:
            raise PaymentTooSmall("allocations", amount=major(payment["amount_micro"] - given))
        await allocation.release(
            connection, company_id=company_id, payment_id=payment_id, keep_given=True, now=now
        )
        shared = []
        for invoice_id, amount in sorted(amounts.items()):
            open_micro = await open_of(connection, company_id, payment["account_id"], invoice_id)
            if micro(amount) > open_micro:
                raise AlreadyPaid("allocations", "amount", open=major(open_micro))
            shared.append(Share(payment_id, invoice_id, micro(amount)))
        await allocation.allocate(connection, company_id=company_id, shared=shared, now=now)
    return payment_id


async def _check_payable(
    connection: Connection, company_id: CompanyId, amount: Decimal, *path: str
) -> None:
    path = path or ("amount",)
    values.money(amount, *path)
    currency = await connection.fetchval(CURRENCY, company_id)
    if currency is None:
        raise NotThere
    if not is_payable(amount, currency):
        raise InvalidValue(*path, expected=f"an amount above zero that can be paid in {currency}")


async def _locked(
    connection: Connection, company_id: CompanyId, payment_id: PaymentId, expected_version: int
) -> Record:
    account_id = await connection.fetchval(ACCOUNT, company_id, payment_id)
    if account_id is None:
        raise NotThere
    await connection.fetch(LOCK_BALANCES, company_id, [account_id])
    (payment,) = await connection.fetch(PAYMENT, company_id, payment_id)
    if payment["version"] != expected_version:
        raise StaleVersion(payment_id)
    if payment["state"] == PaymentState.REVERSED:
        raise PaymentReversed("id")
    return payment

"""Payments: taking them, undoing them, and saying what they pay."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from db import access
from db.access import Connection
from db.enums import JournalKind, PaymentMethod, PaymentState
from db.ids import AccountId, CompanyId, InvoiceId, JournalId, PaymentId
from domain import rows, values
from domain.currencies import payable
from domain.ledger.posting import LOCK_BALANCES, IdempotencyConflict, hash_of, post
from domain.ledger.reversal import reverse as reverse_journal
from domain.ledger.rules import KEY_CHARACTERS_MAX, REASON_CHARACTERS_MAX, Line, Posting
from domain.listing import Record
from domain.money import major, micro
from domain.payments import allocation, buying
from domain.payments.buying import Use
from domain.payments.rules import PURCHASES, SIDES, Share
from domain.refusals import InvalidValue, NotThere, Refused, StaleVersion
from domain.tariffs.tax_in_advance import with_taxes

REFERENCE_CHARACTERS_MAX = 200
ALLOCATIONS_MAX = 100

# The same key waits here for whoever uses it at the same time.
LOCK_KEY = "select pg_advisory_xact_lock(hashtextextended('payment/' || $2, $1))"
MADE_BEFORE = """
    select id, request_hash from payment where company_id = $1 and idempotency_key = $2
"""
CURRENCY = "select currency from company where id = $1"
INVOICE = """
    select total_micro - paid_micro - credited_micro as open_micro from invoice
    where company_id = $1 and id = $2 and account_id = $3 and kind = 'MONTHLY'
"""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """Money that was taken for an account. invoice_id: what it is to pay first."""

    company_id: CompanyId
    account_id: AccountId
    amount: Decimal
    method: PaymentMethod
    reference: str | None
    received_at: datetime
    key: str
    invoice_id: InvoiceId | None

    @property
    def request_hash(self) -> bytes:
        asked = (
            self.account_id,
            micro(self.amount),
            self.method,
            self.received_at.timestamp(),
            self.reference,
            self.invoice_id,
        )
        return hash_of("/".join(map(str, asked)))


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

    What is left is credit, which the next invoices take, or all is what `buying` says. amount:
    major units, above zero, in whole minor units. Returns the payment; on a retry, the one already
    made.

    :raises IdempotencyConflict, InvalidValue, InTheFuture, NotThere: nothing was written
    """
    await _check_payable(connection, company_id, amount)
    taken = _Taken(
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
    made_before = await _made_before(connection, taken)
    if made_before is not None:
        return made_before
    await connection.fetch(LOCK_BALANCES, company_id, [account_id])
    use = await buying.use_of(
        connection, company_id=company_id, account_id=account_id, amount=amount, now=now
    )
    payment_id, journal_id = await _book(connection, taken, use, now)
    if invoice_id is not None:
        await _pay_named(connection, company_id, account_id, payment_id, invoice_id, amount, now)
    if use.buys_credit:
        await buying.finish(
            connection,
            company_id=company_id,
            account_id=account_id,
            payment_id=payment_id,
            journal_id=journal_id,
            cleared=use.cleared,
            now=now,
        )
    await allocation.allocate_waiting(
        connection, company_id=company_id, account_ids=[account_id], now=now
    )
    return payment_id


async def _made_before(connection: Connection, taken: _Taken) -> PaymentId | None:
    """Return the payment that the same wish has made; whoever has its key waits for the others."""
    await connection.execute(LOCK_KEY, taken.company_id, taken.key)
    made = await connection.fetchrow(MADE_BEFORE, taken.company_id, taken.key)
    if made is None:
        return None
    if made["request_hash"] != taken.request_hash:
        raise IdempotencyConflict
    return PaymentId(made["id"])


async def _book(
    connection: Connection, taken: _Taken, use: Use, now: datetime
) -> tuple[PaymentId, JournalId]:
    posting = Posting(
        company_id=taken.company_id,
        kind=PURCHASES[taken.method] if use.buys_credit else JournalKind.PAYMENT,
        idempotency_key=f"payment/{hash_of(taken.key).hex()}",
        request=taken.request_hash.hex(),
        occurred_at=taken.received_at,
        lines=[*use.cleared.lines(taken.account_id), Line(SIDES[taken.method], -taken.amount)],
    )
    journal_id = await post(connection, await with_taxes(connection, posting), now=now)
    payment_id = await rows.insert(
        connection,
        "payment",
        company_id=taken.company_id,
        account_id=taken.account_id,
        amount_micro=micro(taken.amount),
        method=taken.method,
        reference=taken.reference,
        received_at=taken.received_at,
        recorded_at=now,
        journal_id=journal_id,
        debt_share_micro=micro(use.cleared.debt_share),
        idempotency_key=taken.key,
        request_hash=taken.request_hash,
    )
    return PaymentId(payment_id), journal_id


async def reverse(
    *,
    company_id: CompanyId,
    payment_id: PaymentId,
    expected_version: int,
    reason: str,
    now: datetime,
) -> PaymentId:
    """Undo a payment by its exact opposite in the books; the invoices that it paid are open again.

    A bank transfer that it came by waits for a person again.

    :raises NotThere, StaleVersion, PaymentReversed, InvalidValue: nothing was written
    """
    reason = values.name(reason, "reason", characters_max=REASON_CHARACTERS_MAX)
    async with access.tenant(company_id) as connection:
        payment = await _locked(connection, company_id, payment_id, expected_version)
        reversal_id = await reverse_journal(
            connection,
            company_id=company_id,
            journal_id=payment["journal_id"],
            reason=reason,
            now=now,
        )
        await allocation.release(connection, company_id=company_id, payment_id=payment_id, now=now)
        await connection.execute(UNDO, company_id, payment_id, reversal_id, reason)
        await connection.execute(REVIEW_AGAIN, company_id, payment_id)
        await buying.note_undone(
            connection, company_id=company_id, journal_id=payment["journal_id"], now=now
        )
        await allocation.allocate_waiting(
            connection, company_id=company_id, account_ids=[payment["account_id"]], now=now
        )
    return payment_id


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
            open_micro = await _open(connection, company_id, payment["account_id"], invoice_id)
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
    if amount <= 0 or payable(amount, currency) != amount:
        raise InvalidValue(*path, expected=f"an amount above zero that can be paid in {currency}")


async def _pay_named(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    payment_id: PaymentId,
    invoice_id: InvoiceId,
    amount: Decimal,
    now: datetime,
) -> None:
    part = min(await _open(connection, company_id, account_id, invoice_id), micro(amount))
    if part > 0:
        share = Share(payment_id, invoice_id, part)
        await allocation.allocate(connection, company_id=company_id, shared=[share], now=now)


async def _open(
    connection: Connection, company_id: CompanyId, account_id: AccountId, invoice_id: InvoiceId
) -> int:
    open_micro: int | None = await connection.fetchval(INVOICE, company_id, invoice_id, account_id)
    if open_micro is None:
        raise NotThere("invoice_id")
    return open_micro


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

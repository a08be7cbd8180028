"""Taking invoices back, in full or by line: an invoice is never changed, another answers it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from db import access
from db.access import Connection
from db.enums import InvoiceKind, JournalKind, LedgerAccountKind
from db.ids import CompanyId, InvoiceId
from domain import values
from domain.invoices import own_credit, rules
from domain.invoices.rules import Parts, TaxLine
from domain.invoices.stored import StoredInvoice, stored
from domain.invoices.totals import totals
from domain.invoices.writing import Draft, Issuer, write
from domain.ledger.idempotency import made_under
from domain.ledger.posting import LOCK_BALANCES, hash_of, post
from domain.ledger.rules import KEY_CHARACTERS_MAX, REASON_CHARACTERS_MAX, Line, Posting
from domain.money import MICRO, micro
from domain.payments import allocation
from domain.refusals import InvalidValue, NotThere, Refused

ACCOUNT = "select account_id from invoice where company_id = $1 and id = $2"
NOTES = "select id from invoice where company_id = $1 and refers_to = $2 order by id"
REVERSED = """
    select exists (
        select from journal where company_id = $1 and corrects = $2 and kind = 'REVERSAL')
"""
CREDIT = """
    update invoice set credited_micro = credited_micro + $3, paid_micro = least(paid_micro,
        total_micro - credited_micro - $3)
    where company_id = $1 and id = $2
"""


class NotCreditable(Refused):
    """It is a credit note itself, or nothing of it is left to take back."""


class TopUpStands(Refused):
    """What was bought is still there: give the money back first."""


async def credit(
    *,
    company_id: CompanyId,
    invoice_id: InvoiceId,
    amounts: Mapping[int, Decimal] | None = None,
    reason: str,
    idempotency_key: str,
    now: datetime,
) -> InvoiceId:
    """Issue a credit note on an invoice, and give its account what it says.

    amounts: by line from 1 on, in major units before taxes; None takes back all that is left.
    Of bought credit, all is taken back, and only once the top-up has been undone in the books.
    Returns the credit note; on a retry, the one that was made.

    :raises NotThere, NotCreditable, TopUpStands, InvalidValue, IdempotencyConflict: nothing was
        written
    """
    reason = values.name(reason, "reason", characters_max=REASON_CHARACTERS_MAX)
    key = values.name(idempotency_key, "idempotency_key", characters_max=KEY_CHARACTERS_MAX)
    request_hash = hash_of(f"{invoice_id}/{_said(amounts)}/{reason}")
    async with access.tenant(company_id) as connection:
        made = await made_under(
            connection, "invoice", company_id=company_id, key=key, request_hash=request_hash
        )
        if made is not None:
            return InvoiceId(made)
        invoice = await _locked(connection, company_id, invoice_id)
        parts = await _parts(connection, company_id, invoice, amounts)
        draft = Draft(
            account_id=invoice.account_id,
            lines=parts.lines,
            taxes=parts.taxes,
            totals=_sums(invoice, parts, is_rest=amounts is None),
            refers_to=invoice_id,
            reason=reason,
            key=key,
            request_hash=request_hash,
        )
        return await _issue(connection, company_id, invoice, draft, now=now)


def _said(amounts: Mapping[int, Decimal] | None) -> str:
    if amounts is None:
        return "all"
    return ",".join(f"{place}:{amount.normalize()}" for place, amount in sorted(amounts.items()))


async def _locked(
    connection: Connection, company_id: CompanyId, invoice_id: InvoiceId
) -> StoredInvoice:
    account_id = await connection.fetchval(ACCOUNT, company_id, invoice_id)
    if account_id is None:
        raise NotThere
    await connection.fetch(LOCK_BALANCES, company_id, [account_id])
    (invoice,) = await stored(connection, company_id=company_id, invoice_ids=[invoice_id])
    if invoice.kind is InvoiceKind.CREDIT_NOTE or invoice.left == 0:
        raise NotCreditable("invoice_id")
    return invoice


async def _parts(
    connection: Connection,
    company_id: CompanyId,
    invoice: StoredInvoice,
    amounts: Mapping[int, Decimal] | None,
) -> Parts:
    if invoice.kind is InvoiceKind.PURCHASE:
        if not await connection.fetchval(REVERSED, company_id, invoice.journal_id):
            raise TopUpStands("invoice_id")
        if amounts is not None:
            raise InvalidValue("lines", expected="all of bought credit")
    ids = [InvoiceId(row["id"]) for row in await connection.fetch(NOTES, company_id, invoice.id)]
    notes = await stored(connection, company_id=company_id, invoice_ids=ids)
    left = _left(invoice, notes)
    if amounts is None:
        taxes = _taxes_left(invoice, notes)
        part = rules.part_of_lines(invoice.lines, (), {n: a for n, a in left.items() if a})
        return Parts(part.lines, taxes)
    wanted = _checked(amounts, left)
    return rules.part_of_lines(invoice.lines, invoice.taxes, wanted)


def _left(invoice: StoredInvoice, notes: Sequence[StoredInvoice]) -> dict[int, Decimal]:
    left = {place: line.amount for place, line in enumerate(invoice.lines, start=1)}
    for note in notes:
        for line in note.lines:
            if line.of_line is not None:
                left[line.of_line] -= line.amount
    return left


def _taxes_left(invoice: StoredInvoice, notes: Sequence[StoredInvoice]) -> list[TaxLine]:
    taken: dict[tuple[str, Decimal | None], list[TaxLine]] = defaultdict(list)
    for note in notes:
        for tax in note.taxes:
            taken[tax.name, tax.rate].append(tax)
    return [
        TaxLine(
            tax.name,
            tax.rate,
            tax.base - sum(one.base for one in taken[tax.name, tax.rate]),
            tax.amount - sum(one.amount for one in taken[tax.name, tax.rate]),
        )
        for tax in invoice.taxes
    ]


def _checked(amounts: Mapping[int, Decimal], left: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """Return amounts that the lines still have, each of its line's sign, and together as well."""
    if not amounts:
        raise InvalidValue("lines", expected="one line at the least")
    for place, amount in amounts.items():
        values.money(amount, "lines", "amount")
        rest = left.get(place)
        if (
            rest is None
            or amount == 0
            or not min(rest, Decimal(0)) <= amount <= max(rest, Decimal(0))
        ):
            raise InvalidValue(
                "lines", "amount", expected=f"a part of the {rest or 0} that is left"
            )
    if sum(amounts.values()) > (all_left := sum(left.values())):
        raise InvalidValue("lines", expected=f"at most the {all_left} that is left of all lines")
    return dict(amounts)


def _sums(invoice: StoredInvoice, parts: Parts, *, is_rest: bool) -> rules.Totals:
    """Return what a credit note comes to: never more than is left, and for the rest all of it."""
    sums = totals(parts.lines, parts.taxes, invoice.currency)
    total = invoice.left if is_rest else min(sums.total, invoice.left)
    if total <= 0:
        raise NotCreditable("invoice_id")
    return rules.Totals(sums.lines, sums.tax, total - sums.lines - sums.tax, total)


async def credit_purchase(
    connection: Connection,
    *,
    company_id: CompanyId,
    invoice: StoredInvoice,
    amount: Decimal,
    reason: str,
    now: datetime,
) -> InvoiceId:
    """Take back a part of bought credit that the books have taken, in the caller's transaction.

    amount: with taxes, in major units, above zero and no more than is left of the invoice, which
    the caller has locked by its account's balance. Repeating takes back another part.
    """
    whole = invoice.totals.total
    share = sum((line.amount for line in invoice.lines), Decimal(0)) * amount / whole
    parts = rules.part_of_lines(invoice.lines, invoice.taxes, {1: share.quantize(MICRO)})
    sums = totals(parts.lines, parts.taxes, invoice.currency)
    rounding = amount - sums.lines - sums.tax
    draft = Draft(
        account_id=invoice.account_id,
        lines=parts.lines,
        taxes=parts.taxes,
        totals=rules.Totals(sums.lines, sums.tax, rounding, amount),
        refers_to=invoice.id,
        reason=reason,
    )
    return await _issue(connection, company_id, invoice, draft, now=now)


async def _issue(
    connection: Connection,
    company_id: CompanyId,
    invoice: StoredInvoice,
    draft: Draft,
    *,
    now: datetime,
) -> InvoiceId:
    amount = draft.totals.total
    if invoice.kind is InvoiceKind.MONTHLY:
        await allocation.release_beyond(
            connection,
            company_id=company_id,
            invoice_id=invoice.id,
            kept=invoice.left - amount,
            now=now,
        )
    await connection.execute(CREDIT, company_id, invoice.id, micro(amount))
    if invoice.kind is InvoiceKind.MONTHLY:
        await allocation.allocate_waiting(
            connection, company_id=company_id, account_ids=[invoice.account_id], now=now
        )
        posting = Posting(
            company_id=company_id,
            kind=JournalKind.CREDIT_NOTE,
            idempotency_key=f"credit-note/{hash_of(str(draft.key)).hex()}",
            request=f"{invoice.id}/{micro(amount)}",
            occurred_at=now,
            lines=[
                Line(LedgerAccountKind.CREDIT, amount, invoice.account_id),
                *_taken_back(draft),
            ],
            reason=draft.reason,
        )
        journal_id = await post(connection, posting, now=now)
        await own_credit.settle(
            connection, company_id=company_id, account_ids=[invoice.account_id], now=now
        )
        draft = replace(draft, journal_id=journal_id)
    issuer = await Issuer.of(connection, company_id)
    (note_id,) = await write(connection, issuer, InvoiceKind.CREDIT_NOTE, [draft], now=now)
    return note_id


def _taken_back(draft: Draft) -> list[Line]:
    taxes: dict[str, Decimal] = defaultdict(Decimal)
    for tax in draft.taxes:
        taxes[tax.name] += tax.amount
    lines = [Line(LedgerAccountKind.TAX, -amount, code=name) for name, amount in taxes.items()]
    net = draft.totals.total - draft.totals.tax
    return [line for line in [Line(LedgerAccountKind.REVENUE, -net), *lines] if line.amount]

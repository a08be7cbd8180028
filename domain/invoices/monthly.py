"""Invoices of a month, for accounts that pay after they consume."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from db import access
from db.access import Connection
from db.enums import InvoiceKind, JournalKind, LedgerAccountKind
from db.ids import AccountId, CompanyId, InvoiceId, JournalId
from domain.invoices import own_credit
from domain.invoices.consumption import month_parts, settled_days
from domain.invoices.postpaid import IS_POSTPAID
from domain.invoices.rules import Month
from domain.invoices.totals import totals
from domain.invoices.writing import Draft, Issuer, write
from domain.ledger.posting import LOCK_BALANCES, post_all
from domain.ledger.rules import Line, Posting
from domain.money import micro
from domain.month_charges.invoiced import is_uncharged
from domain.payments import allocation
from domain.refusals import NotThere, Refused

OPENED_AT = "select opened_at from account where company_id = $1 and id = $2"
WAS_POSTPAID = f"select {IS_POSTPAID.format(account='$2', since='$3::date', until='$4::date')}"
INVOICED = """
    select account_id, id from invoice
    where company_id = $1 and account_id = any($2::int8[]) and month = $3 and kind = 'MONTHLY'
"""
UNPOSTED = """
    select exists (select from accrual where company_id = $1 and account_id = $2
        and local_date >= $3 and local_date < $4 and charged_micro <> posted_micro)
"""


class MonthNotOver(Refused):
    """The month has not ended yet, or the books lack some of its days, or what it is due then."""


class NotPostpaid(Refused):
    """The account paid before it consumed: it was invoiced for what it bought."""


class NothingToInvoice(Refused):
    """The month charged nothing, or less than is to be given back: that goes into the next."""


async def issue(
    *, company_id: CompanyId, account_id: AccountId, month: Month, now: datetime
) -> InvoiceId:
    """Invoice an account for a month; on a retry, return the invoice that was made.

    :raises NotThere, MonthNotOver, NotPostpaid, NothingToInvoice: nothing was written
    """
    async with access.tenant(company_id) as connection:
        opened_at = await connection.fetchval(OPENED_AT, company_id, account_id)
        if opened_at is None:
            raise NotThere("account_id")
        issuer = await Issuer.of(connection, company_id)
        if month < Month.of(issuer.day(opened_at)):
            raise NothingToInvoice("month")
        if month >= Month.of(issuer.day(now)):
            raise MonthNotOver("month")
        settled = settled_days(month)
        if not await connection.fetchval(WAS_POSTPAID, company_id, account_id, *settled):
            raise NotPostpaid("account_id")
        days = (month.first, month.moved(1).first)
        if await connection.fetchval(UNPOSTED, company_id, account_id, *days):
            raise MonthNotOver("month")
        if await is_uncharged(connection, company_id, month):
            raise MonthNotOver("month")
        await issue_all(connection, issuer, [account_id], month, now=now)
        made = await connection.fetch(INVOICED, company_id, [account_id], month.first)
    if not made:
        raise NothingToInvoice("month")
    return InvoiceId(made[0]["id"])


async def issue_all(
    connection: Connection,
    issuer: Issuer,
    account_ids: Sequence[AccountId],
    month: Month,
    *,
    now: datetime,
) -> list[InvoiceId]:
    """Invoice accounts for a month that is over, each once, in the caller's transaction.

    Of what they used on days on which they paid before it, nothing is told. Left out are those that
    have an invoice of the month already, and those with nothing to pay.
    What rounding adds or takes is posted, so that who pays an invoice owes nothing of it. Credit
    of their own, and what is left of payments, pays them at once.
    """
    company_id = issuer.company_id
    await connection.fetch(LOCK_BALANCES, company_id, account_ids)
    rows = await connection.fetch(INVOICED, company_id, account_ids, month.first)
    done = {row["account_id"] for row in rows}
    parts = await month_parts(
        connection,
        company_id=company_id,
        account_ids=[account_id for account_id in account_ids if account_id not in done],
        month=month,
        zone=issuer.zone,
    )
    drafts = [
        Draft(account_id=account_id, lines=made.lines, taxes=made.taxes, totals=sums, month=month)
        for account_id, made in sorted(parts.items())
        if (sums := totals(made.lines, made.taxes, issuer.currency)).total >= 0
    ]
    made = await _write(connection, issuer, drafts, month, now=now) if drafts else []
    # Also of those that are not invoiced, for what is given back to them pays what is open.
    await own_credit.settle(connection, company_id=company_id, account_ids=account_ids, now=now)
    await allocation.allocate_waiting(
        connection, company_id=company_id, account_ids=account_ids, now=now
    )
    return made


async def _write(
    connection: Connection, issuer: Issuer, drafts: Sequence[Draft], month: Month, *, now: datetime
) -> list[InvoiceId]:
    rounded = await _post_rounding(connection, issuer.company_id, drafts, month, now=now)
    numbered = [replace(draft, journal_id=rounded.get(draft.account_id)) for draft in drafts]
    return await write(connection, issuer, InvoiceKind.MONTHLY, numbered, now=now)


async def _post_rounding(
    connection: Connection,
    company_id: CompanyId,
    drafts: Sequence[Draft],
    month: Month,
    *,
    now: datetime,
) -> dict[AccountId, JournalId]:
    rounded = [draft for draft in drafts if draft.totals.rounding]
    if not rounded:
        return {}
    postings = [
        Posting(
            company_id=company_id,
            kind=JournalKind.INVOICE_ROUNDING,
            idempotency_key=f"invoice-rounding/{draft.account_id}/{month.first}",
            request=str(micro(draft.totals.rounding)),
            occurred_at=now,
            lines=[
                Line(LedgerAccountKind.CREDIT, -draft.totals.rounding, draft.account_id),
                Line(LedgerAccountKind.REVENUE, draft.totals.rounding),
            ],
        )
        for draft in rounded
    ]
    posted = await post_all(connection, postings, now=now)
    return {draft.account_id: one.journal_id for draft, one in zip(rounded, posted, strict=True)}

"""Letting payments pay invoices, and taking that back. The caller has locked the accounts.

What of a payment is credit that left its account in another way is given to the transaction that
took it, so that no invoice takes it as well.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from db.access import Connection
from db.ids import AccountId, CompanyId, InvoiceId, JournalId, PaymentId
from domain.money import micro
from domain.payments.rules import Share, shares

WITH_CREDIT = """
    select distinct account_id from payment
    where company_id = $1 and account_id = any($2::int8[]) and state = 'POSTED'
        and allocated_micro < amount_micro
    order by 1
"""
WAITING = """
    select id, amount_micro - allocated_micro as left_micro from payment
    where company_id = $1 and account_id = $2 and state = 'POSTED'
        and allocated_micro < amount_micro
    order by received_at, id
"""
OPEN = """
    select id, total_micro - paid_micro - credited_micro as open_micro from invoice
    where company_id = $1 and account_id = $2 and kind = 'MONTHLY'
        and total_micro > paid_micro + credited_micro
    order by due_date, id
"""
# What is left of a payment may have bought credit; its documents follow.
LOOK_AGAIN = """
    insert into purchase_due (company_id, journal_id, due_at)
    select distinct $1::int4, m.journal_id, {now}::timestamptz from moved m
    where exists (select from invoice i
        where i.company_id = $1 and i.journal_id = m.journal_id and i.kind = 'PURCHASE')
    on conflict do nothing
"""
ALLOCATE = f"""
    with shared as (
        select * from unnest($2::int8[], $3::int8[], $4::int8[])
            s (payment_id, invoice_id, amount_micro)
    ), added as (
        insert into allocation (company_id, payment_id, invoice_id, amount_micro, allocated_at)
        select $1, payment_id, invoice_id, amount_micro, $5 from shared
    ), paid as (
        update invoice i set paid_micro = i.paid_micro + s.amount_micro
        from (select invoice_id, sum(amount_micro)::int8 as amount_micro from shared group by 1) s
        where i.company_id = $1 and i.id = s.invoice_id
    ), moved as (
        update payment p set allocated_micro = p.allocated_micro + s.amount_micro,
            version = p.version + 1
        from (select payment_id, sum(amount_micro)::int8 as amount_micro from shared group by 1) s
        where p.company_id = $1 and p.id = s.payment_id
        returning p.journal_id
    )
    {LOOK_AGAIN.format(now="$5")}
"""
GIVE = f"""
    with given as (
        select * from unnest($2::int8[], $3::int8[]) g (payment_id, amount_micro)
    ), added as (
        insert into allocation (company_id, payment_id, journal_id, amount_micro, allocated_at)
        select $1, payment_id, $4, amount_micro, $5 from given
    ), moved as (
        update payment p set allocated_micro = p.allocated_micro + g.amount_micro,
            version = p.version + 1
        from given g where p.company_id = $1 and p.id = g.payment_id
        returning p.journal_id
    )
    {LOOK_AGAIN.format(now="$5")}
"""
GIVEN = """
    select coalesce(sum(amount_micro), 0)::int8 from allocation
    where company_id = $1 and payment_id = $2 and released_at is null and journal_id is not null
"""
OF_JOURNAL = """
    select id from allocation
    where company_id = $1 and journal_id = $2 and released_at is null
"""
OF_PAYMENT = """
    select id from allocation
    where company_id = $1 and payment_id = $2 and released_at is null
        and (journal_id is null or not $3::bool)
"""
OF_INVOICE = """
    select id, payment_id, invoice_id, amount_micro from allocation
    where company_id = $1 and invoice_id = $2 and released_at is null order by id desc
"""
RELEASE = f"""
    with released as (
        update allocation set released_at = $3
        where company_id = $1 and id = any($2::int8[]) and released_at is null
        returning payment_id, invoice_id, amount_micro
    ), unpaid as (
        update invoice i set paid_micro = i.paid_micro - r.amount_micro
        from (select invoice_id, sum(amount_micro)::int8 as amount_micro from released group by 1) r
        where i.company_id = $1 and i.id = r.invoice_id
    ), moved as (
        update payment p set allocated_micro = p.allocated_micro - r.amount_micro,
            version = p.version + 1
        from (select payment_id, sum(amount_micro)::int8 as amount_micro from released group by 1) r
        where p.company_id = $1 and p.id = r.payment_id
        returning p.journal_id
    )
    {LOOK_AGAIN.format(now="$3")}
"""


async def allocate_waiting(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_ids: Sequence[AccountId],
    now: datetime,
) -> None:
    """Let what is left of payments pay the invoices that are open, the oldest due first."""
    for row in await connection.fetch(WITH_CREDIT, company_id, account_ids):
        waiting = await connection.fetch(WAITING, company_id, row["account_id"])
        made = shares(
            [(PaymentId(one["id"]), one["left_micro"]) for one in waiting],
            await due(connection, company_id=company_id, account_id=row["account_id"]),
        )
        await allocate(connection, company_id=company_id, shared=made, now=now)


async def due(
    connection: Connection, *, company_id: CompanyId, account_id: AccountId
) -> list[tuple[InvoiceId, int]]:
    """Return an account's open invoices, the oldest due first, with what is open in millionths."""
    rows = await connection.fetch(OPEN, company_id, account_id)
    return [(InvoiceId(row["id"]), row["open_micro"]) for row in rows]


async def allocate(
    connection: Connection, *, company_id: CompanyId, shared: Sequence[Share], now: datetime
) -> None:
    """Let payments pay invoices as told; the caller has seen that there is enough on both."""
    if shared:
        columns = zip(*((s.payment_id, s.invoice_id, s.amount_micro) for s in shared), strict=True)
        await connection.execute(ALLOCATE, company_id, *columns, now)


async def give_left(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_id: AccountId,
    journal_id: JournalId,
    amount_micro: int,
    now: datetime,
) -> None:
    """Give what is left of an account's payments to a transaction that took so much of its credit.

    What came first goes first. The rest of the credit came by no payment.
    """
    parts, rest = [], amount_micro
    for row in await connection.fetch(WAITING, company_id, account_id):
        part = min(rest, row["left_micro"])
        if part > 0:
            parts.append((PaymentId(row["id"]), part))
            rest -= part
    await give(connection, company_id=company_id, parts=parts, journal_id=journal_id, now=now)


async def give(
    connection: Connection,
    *,
    company_id: CompanyId,
    parts: Sequence[tuple[PaymentId, int]],
    journal_id: JournalId,
    now: datetime,
) -> None:
    """Give parts of payments, in millionths, to a transaction; there is enough on each."""
    if parts:
        columns = zip(*parts, strict=True)
        await connection.execute(GIVE, company_id, *columns, journal_id, now)


async def given(connection: Connection, *, company_id: CompanyId, payment_id: PaymentId) -> int:
    """Return how much of a payment transactions took, in millionths."""
    return int(await connection.fetchval(GIVEN, company_id, payment_id))


async def take_back(
    connection: Connection, *, company_id: CompanyId, journal_id: JournalId, now: datetime
) -> None:
    """Free what was given to a transaction, which has been undone."""
    rows = await connection.fetch(OF_JOURNAL, company_id, journal_id)
    await connection.execute(RELEASE, company_id, [row["id"] for row in rows], now)


async def release(
    connection: Connection,
    *,
    company_id: CompanyId,
    payment_id: PaymentId,
    keep_given: bool = False,
    now: datetime,
) -> None:
    """Let a payment pay nothing any more. keep_given: what transactions took stays theirs."""
    rows = await connection.fetch(OF_PAYMENT, company_id, payment_id, keep_given)
    await connection.execute(RELEASE, company_id, [row["id"] for row in rows], now)


async def release_beyond(
    connection: Connection,
    *,
    company_id: CompanyId,
    invoice_id: InvoiceId,
    kept: Decimal,
    now: datetime,
) -> None:
    """Free what pays an invoice beyond `kept`, in major units; the last that came is first."""
    rows = await connection.fetch(OF_INVOICE, company_id, invoice_id)
    excess = sum(row["amount_micro"] for row in rows) - micro(kept)
    freed, again = [], []
    for row in rows:
        if excess <= 0:
            break
        freed.append(row["id"])
        excess -= row["amount_micro"]
        if excess < 0:
            again.append(Share(PaymentId(row["payment_id"]), invoice_id, -excess))
    if freed:
        await connection.execute(RELEASE, company_id, freed, now)
        await allocate(connection, company_id=company_id, shared=again, now=now)

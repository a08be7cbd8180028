"""Invoices of months that accounts pay with credit of their own, which came by no payment.

Bought by card or before the account paid later, given by hand, or left of a month: nobody is asked
for what the books show as theirs. What is taken back, as by a refund, opens the invoices again.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Self

from db.access import Connection
from db.ids import AccountId, CompanyId
from domain.currencies import in_whole_coins
from domain.invoices.postpaid import LAST_DAY, POSTPAID_DAYS
from domain.listing import Record
from domain.money import major, micro

# What was bought for invoices of months that were not there yet, and these have not got. Those that
# were written since its first purchase count.
KEPT = """
    select kept.since, greatest(kept.micro - coalesce((
        select sum(i.paid_micro - coalesce((select sum(a.amount_micro) from allocation a
            where a.company_id = $1 and a.invoice_id = i.id and a.released_at is null), 0))
        from invoice i where i.company_id = $1 and i.account_id = {account}
            and i.kind = 'MONTHLY' and i.id > kept.since), 0), 0)::int8 as micro
    from (
        select min(o.journal_id) as since, coalesce(sum(o.kept_micro), 0) as micro
        from purchase_offset o
        where o.company_id = $1 and o.account_id = {account} and o.kept_micro > 0
    ) kept
"""
# The balance has lost what invoices tell and what none tells yet; and what is left of payments is
# theirs to give. What is then left pays no invoice yet, or is missing for some that it paid. What
# was used by paying before it has used up credit, and lets no invoice be unpaid. What was lent is
# not theirs.
# $3: how far back charges may still be told of.
FREE = f"""
    with postpaid as ({POSTPAID_DAYS})
    select b.account_id, c.currency, charged.used_micro,
        b.balance_micro - b.emergency_used_micro + charged.untold_micro + told.open_micro
        - coalesce((select sum(p.amount_micro - p.allocated_micro)
            from payment p where p.company_id = $1 and p.account_id = b.account_id
                and p.state = 'POSTED' and p.allocated_micro < p.amount_micro), 0) as free_micro,
        kept.micro as kept_micro, kept.since as kept_since
    from account_balance b
    join company c on c.id = b.company_id
    left join postpaid on postpaid.account_id = b.account_id
    cross join lateral (
        select max(i.month) as month,
            sum(greatest(i.total_micro - i.paid_micro - i.credited_micro, 0)) as open_micro
        from invoice i
        where i.company_id = $1 and i.account_id = b.account_id and i.kind = 'MONTHLY'
    ) told
    cross join lateral (
        select coalesce(sum(amount_micro) filter (where is_told), 0) as untold_micro,
            coalesce(sum(amount_micro) filter (where is_told is not true), 0) as used_micro
        from (
            select a.local_date <@ postpaid.days as is_told,
                a.charged_micro - case when a.local_date < told.month + interval '1 month'
                    and a.local_date <@ postpaid.days then a.posted_micro else 0 end as amount_micro
            from accrual a where a.company_id = $1 and a.account_id = b.account_id
                and a.local_date >= told.month - $3::interval
            union all
            select {LAST_DAY.format(month="m.month")} <@ postpaid.days, m.amount_micro
            from month_charge m where m.company_id = $1 and m.account_id = b.account_id
                and (m.month > told.month or m.month >= told.month - $3::interval
                    and ({LAST_DAY.format(month="m.month")} <@ postpaid.days) is not true)
        ) each
    ) charged
    cross join lateral ({KEPT.format(account="b.account_id")}) kept
    where b.company_id = $1 and b.account_id = any($2::int8[]) and told.month is not null
    order by b.account_id
"""
TOLD_BACK_MAX = timedelta(days=130)
INVOICES = """
    select i.account_id, i.id, i.total_micro - i.paid_micro - i.credited_micro as open_micro,
        i.paid_micro - coalesce((select sum(a.amount_micro) from allocation a
            where a.company_id = $1 and a.invoice_id = i.id and a.released_at is null), 0)::int8
            as own_micro
    from invoice i
    where i.company_id = $1 and i.account_id = any($2::int8[]) and i.kind = 'MONTHLY'
        and i.total_micro > 0
    order by i.due_date, i.id
"""
PAY = """
    update invoice i set paid_micro = i.paid_micro + moved.amount_micro
    from unnest($2::int8[], $3::int8[]) moved (id, amount_micro)
    where i.company_id = $1 and i.id = moved.id
"""


@dataclass(frozen=True, slots=True)
class _Free:
    """What credit pays no invoice yet; below zero: what it lacks for some that it paid.

    kept: what of it was bought for invoices after an id, which it pays though it was used up since.
    """

    amount: Decimal
    kept: Decimal
    kept_since: int

    @classmethod
    def of(cls, row: Record) -> Self:
        free_micro, left_micro = int(row["free_micro"]), int(row["free_micro"] + row["used_micro"])
        if free_micro < 0:
            free_micro = min(0, left_micro)
        return cls(
            amount=in_whole_coins(major(free_micro), row["currency"]),
            kept=in_whole_coins(major(max(0, min(row["kept_micro"], left_micro))), row["currency"]),
            kept_since=row["kept_since"] or 0,
        )


async def settle(
    connection: Connection, *, company_id: CompanyId, account_ids: Sequence[AccountId]
) -> None:
    """Let accounts' own credit pay what is open, the oldest due first, or give up what it lacks.

    The caller has locked the accounts' balances. Repeating it changes nothing.
    """
    free = await _free(connection, company_id, account_ids)
    if not free:
        return
    invoices: dict[AccountId, list[Record]] = defaultdict(list)
    for row in await connection.fetch(INVOICES, company_id, list(free)):
        invoices[AccountId(row["account_id"])].append(row)
    moved = [
        one for account_id, amount in free.items() for one in _moved(amount, invoices[account_id])
    ]
    if moved:
        await connection.execute(PAY, company_id, *zip(*moved, strict=True))


async def _free(
    connection: Connection, company_id: CompanyId, account_ids: Sequence[AccountId]
) -> dict[AccountId, _Free]:
    rows = await connection.fetch(FREE, company_id, account_ids, TOLD_BACK_MAX)
    found = {AccountId(row["account_id"]): _Free.of(row) for row in rows}
    return {id_: free for id_, free in found.items() if free.amount or free.kept}


def _moved(free: _Free, invoices: Sequence[Record]) -> Iterator[tuple[int, int]]:
    return _given_up(-free.amount, invoices) if free.amount < 0 else _paid(free, invoices)


def _paid(free: _Free, invoices: Iterable[Record]) -> Iterator[tuple[int, int]]:
    left_micro, kept_micro = micro(free.amount), micro(free.kept)
    for invoice in invoices:
        most_micro, is_later = left_micro, invoice["id"] > free.kept_since
        if is_later:
            most_micro = max(left_micro, kept_micro)
        amount_micro = min(most_micro, invoice["open_micro"])
        if amount_micro > 0:
            left_micro = max(0, left_micro - amount_micro)
            kept_micro -= amount_micro if is_later else 0
            yield invoice["id"], amount_micro


def _given_up(missing: Decimal, invoices: Sequence[Record]) -> Iterator[tuple[int, int]]:
    left_micro = micro(missing)
    for invoice in reversed(invoices):
        amount_micro = min(left_micro, invoice["own_micro"])
        if amount_micro > 0:
            left_micro -= amount_micro
            yield invoice["id"], -amount_micro

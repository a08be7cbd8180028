"""Invoices of months that accounts pay with credit of their own, which came by no payment.

Bought by card or before the account paid later, given by hand, or left of a month: nobody is asked
for what the books show as theirs. What is taken back, as by a refund, opens the invoices again.
Which credit pays which invoice is kept, for what was bought has documents of its own.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from db.access import Connection
from db.ids import AccountId, CompanyId, InvoiceId, JournalId
from domain.invoices import credit_allocations, due
from domain.invoices.attribution import Attribution, Use
from domain.invoices.credit_allocations import Kept
from domain.invoices.free_credit import Standing, in_coins, standings
from domain.listing import Record

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
# As the account was when it bought.
BOUGHT_POSTPAID = """
    select coalesce(
            (select s.mode from account_mode s
                where s.company_id = $1 and s.account_id = a.id and s.started_at <= e.occurred_at
                order by s.started_at desc limit 1),
            a.billing_mode) = 'POSTPAID'
    from entry e join account a on a.company_id = e.company_id and a.id = e.account_id
    where e.company_id = $1 and e.journal_id = $2
    limit 1
"""


@dataclass(slots=True)
class _Own:
    """An account's own credit, what it pays, and its invoices, the oldest due first.

    paid_out: by settlements. moved: what it pays from now on; below zero, what it gives up.
    """

    standing: Standing
    attribution: Attribution
    invoices: Sequence[Record]
    paid_out: Mapping[Use, int]
    moved: Mapping[InvoiceId, int] = field(default_factory=dict)

    @property
    def free(self) -> int:
        """What pays nothing by now, and waits for nothing."""
        free = self.standing.free - sum(self.moved.values()) - self.attribution.waiting
        return max(0, free)

    @property
    def uses(self) -> dict[Use, int]:
        """What own credit pays by now."""
        paid: dict[Use, int] = {
            InvoiceId(one["id"]): one["own_micro"] + self.moved.get(one["id"], 0)
            for one in self.invoices
        }
        return paid | dict(self.paid_out)

    def move(self) -> None:
        payable = self.standing.payable
        self.moved = dict(self._given_up(-payable) if payable < 0 else self._paid(payable))

    def _paid(self, left: int) -> Iterator[tuple[InvoiceId, int]]:
        waiting = self.standing.payable_of(self.attribution.waiting)
        since = self.attribution.waiting_since or 0
        for invoice in self.invoices:
            is_later = invoice["id"] > since
            amount = min(max(left, waiting) if is_later else left, invoice["open_micro"])
            if amount > 0:
                left = max(0, left - amount)
                waiting -= amount if is_later else 0
                yield InvoiceId(invoice["id"]), amount

    def _given_up(self, left: int) -> Iterator[tuple[InvoiceId, int]]:
        for invoice in reversed(self.invoices):
            amount = min(left, invoice["own_micro"])
            if amount > 0:
                left -= amount
                yield InvoiceId(invoice["id"]), -amount


async def settle(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_ids: Sequence[AccountId],
    bought: JournalId | None = None,
    paid_out: JournalId | None = None,
    now: datetime,
) -> None:
    """Let accounts' own credit pay what is open, the oldest due first, or give up what it lacks.

    The caller has locked the accounts' balances. Repeating it changes nothing.
    bought: a purchase that was just made: what of it is due for months that no invoice tells yet
    waits for these. paid_out: a settlement that has just paid out what was left.
    """
    standing = await standings(connection, company_id, account_ids, now)
    if not standing:
        return
    left = [id_ for id_, one in standing.items() if one.of_payments and one.is_bought]
    if left:
        await due.note_payments(connection, company_id=company_id, account_ids=left, now=now)
    coin = next(iter(standing.values())).coin
    kept = await credit_allocations.kept(
        connection, company_id, account_ids, coin=coin, bought=bought, paid_out=paid_out
    )
    is_new = bought is not None or paid_out is not None
    concerned = {
        account_id: one
        for account_id, one in standing.items()
        if is_new or one.payable or account_id in kept.shares
    }
    if not concerned:
        return
    own = await _own(connection, company_id, concerned, kept)
    await _attribute(connection, company_id, own)
    if bought is not None:
        (one,) = own.values()
        await _let_wait(connection, company_id, one, bought, kept.purchases[bought].left)
    for one in own.values():
        if not one.standing.is_postpaid:
            one.attribution.wait_no_more_than(one.standing.to_wait)
    changes = {
        account_id: one.attribution.changes(kept.shares.get(account_id, {}))
        for account_id, one in own.items()
    }
    await credit_allocations.keep(connection, company_id, changes, now)


async def _own(
    connection: Connection,
    company_id: CompanyId,
    standing: Mapping[AccountId, Standing],
    kept: Kept,
) -> dict[AccountId, _Own]:
    invoices: dict[AccountId, list[Record]] = defaultdict(list)
    for row in await connection.fetch(INVOICES, company_id, list(standing)):
        invoices[AccountId(row["account_id"])].append(row)
    return {
        account_id: _Own(
            one,
            kept.attribution(account_id),
            invoices[account_id],
            kept.paid_out_of(account_id),
        )
        for account_id, one in standing.items()
    }


async def _attribute(
    connection: Connection, company_id: CompanyId, own: Mapping[AccountId, _Own]
) -> None:
    """Let own credit pay, and find out which of it does."""
    for one in own.values():
        one.move()
    moved = [change for one in own.values() for change in one.moved.items()]
    if moved:
        await connection.execute(PAY, company_id, *zip(*moved, strict=True))
    lacking: dict[AccountId, dict[Use, int]] = {}
    for account_id, one in own.items():
        one.attribution.release_beyond_uses(one.uses)
        one.attribution.let_waiting_pay(one.attribution.lacking(one.uses))
        if found := one.attribution.lacking(one.uses):
            lacking[account_id] = found
    if not lacking:
        return
    coin = next(iter(own.values())).standing.coin
    came = await credit_allocations.came(connection, company_id, list(lacking), coin=coin)
    for account_id, found in lacking.items():
        one = own[account_id]
        unspent = in_coins(one.free, coin) + sum(found.values())
        one.attribution.let_pay(found, came.get(account_id, ()), unspent=unspent)


async def _let_wait(
    connection: Connection, company_id: CompanyId, one: _Own, purchase: JournalId, left: int
) -> None:
    """Let a purchase wait for invoices: of an account that pays later, all that is left of it."""
    # What lacks a part of a coin is due as that coin.
    most = -in_coins(-one.free, one.standing.coin)
    if not await connection.fetchval(BOUGHT_POSTPAID, company_id, purchase):
        most = min(most, one.standing.to_wait - one.attribution.waiting)
    one.attribution.let_wait(purchase, left=left, most=most)

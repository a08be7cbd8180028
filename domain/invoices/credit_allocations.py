"""Which credit of accounts pays which of their invoices, as it is kept.

What a purchase pays of invoices of months, these tell; its own documents are of the rest, and are
looked at anew whenever that changes; see `bought`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from db.access import Connection
from db.ids import AccountId, CompanyId, JournalId
from domain.invoices import due
from domain.invoices.attribution import Attribution, Credit, Key, Standing, Use
from domain.invoices.free_credit import in_coins
from domain.ledger.rules import PURCHASES

SHARES = """
    select account_id, journal_id, coalesce(invoice_id, taken_by) as use,
        sum(amount_micro)::int8 as amount_micro
    from credit_allocation where company_id = $1 and account_id = any($2::int8[])
    group by 1, 2, 3 having sum(amount_micro) <> 0
"""
WAITING = """
    select journal_id from credit_allocation
    where company_id = $1 and account_id = $2 and invoice_id is null and taken_by is null
    group by 1 having sum(amount_micro) > 0
"""
# What refunds and disputes have taken of a purchase, which is $1's, also if it may come back.
TAKEN = """coalesce((
    select sum(r.booked_micro) from top_up t
    join top_up_refund r on r.company_id = t.company_id and r.top_up_id = t.id
    where t.company_id = $1 and t.journal_id = {journal}
), 0) + coalesce((
    select sum(d.booked_held_micro) from top_up t
    join top_up_dispute d on d.company_id = t.company_id and d.top_up_id = t.id
    where t.company_id = $1 and t.journal_id = {journal}
), 0)"""
IS_REVERSED = """exists (
    select from journal r
    where r.company_id = $1 and r.corrects = {journal} and r.kind = 'REVERSAL'
)"""
# What was lent is not theirs, and what repays it is.
CREDITED = """(
    select coalesce(sum(e.amount) * 1000000, 0)::int8 from entry e
    join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id
    where e.company_id = $1 and e.journal_id = {journal}
        and l.kind in ('CREDIT', 'EMERGENCY_CREDIT')
)"""
STANDING = f"""
    select j.id, {CREDITED.format(journal="j.id")} as credited_micro,
        case when {IS_REVERSED.format(journal="j.id")} then {CREDITED.format(journal="j.id")}
        else {TAKEN.format(journal="j.id")} end::int8 as taken_micro
    from journal j where j.company_id = $1 and j.id = any($2::int8[])
"""
# What a settlement took of credit, less the debt that it repaid with it.
MOVED = """(
    select coalesce(sum(e.amount) * 1000000, 0)::int8 from entry e
    join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id
    where e.company_id = $1 and e.journal_id = {journal}
        and l.kind in ('CREDIT', 'DEBT', 'EMERGENCY_CREDIT')
)"""
PAID_OUT = f"""
    select j.id, case when {IS_REVERSED.format(journal="j.id")} then 0
        else greatest(0, -{MOVED.format(journal="j.id")} - coalesce((
            select sum(a.amount_micro) from allocation a
            where a.company_id = $1 and a.journal_id = j.id and a.released_at is null), 0))
        end::int8 as amount_micro
    from journal j
    where j.company_id = $1 and j.id = any($2::int8[]) and j.kind = 'SETTLEMENT'
"""
# Besides what was bought: given by hand, or claimed as a debt at an end, less what was taken so.
CAME = f"""
    select came.account_id, j.id, j.kind = any($3::text[]) as is_bought,
        case when j.kind = any($3::text[]) then {TAKEN.format(journal="j.id")} else 0 end::int8
            as taken_micro,
        came.amount_micro
    from (
        select e.account_id, e.journal_id, (sum(e.amount) * 1000000)::int8 as amount_micro
        from entry e
        join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id
        where e.company_id = $1 and e.account_id = any($2::int8[])
            and l.kind in ('CREDIT', 'EMERGENCY_CREDIT')
        group by 1, 2
    ) came
    join journal j on j.company_id = $1 and j.id = came.journal_id
    where (j.kind = any($3::text[]) or j.kind in ('ADJUSTMENT', 'SETTLEMENT'))
        and not {IS_REVERSED.format(journal="j.id")}
    order by j.id
"""
ADD = """
    insert into credit_allocation
        (company_id, account_id, journal_id, invoice_id, taken_by, amount_micro, made_at)
    select $1, c.account_id, c.journal_id, i.id, case when i.id is null then c.use end,
        c.amount_micro, $6
    from unnest($2::int8[], $3::int8[], $4::int8[], $5::int8[])
        c (account_id, journal_id, use, amount_micro)
    left join invoice i on i.company_id = $1 and i.id = c.use
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What pays what, of accounts of which there is any.

    purchases: what is left of each. paid_out: what settlements did of credit
    that came by no payment. settlement: one that was just made.
    """

    shares: Mapping[AccountId, Mapping[Key, int]]
    purchases: Mapping[JournalId, Standing]
    paid_out: Mapping[Use, int]
    settlement: JournalId | None

    def attribution(self, account_id: AccountId) -> Attribution:
        """Return an account's shares, as far as its purchases still bear them."""
        attribution = Attribution(dict(self.shares.get(account_id, {})))
        attribution.take_back(self.purchases)
        return attribution

    def paid_out_of(self, account_id: AccountId) -> dict[Use, int]:
        uses = {use for _, use in self.shares.get(account_id, {})} | {self.settlement}
        return {use: amount for use, amount in self.paid_out.items() if use in uses}


async def kept(
    connection: Connection,
    company_id: CompanyId,
    account_ids: Sequence[AccountId],
    *,
    coin: int,
    bought: JournalId | None,
    paid_out: JournalId | None,
) -> Kept:
    """Return what pays what of accounts; with a purchase or a settlement that was just made.

    coin: in millionths; what invoices are paid with is in whole ones.
    """
    shares: dict[AccountId, dict[Key, int]] = defaultdict(dict)
    for row in await connection.fetch(SHARES, company_id, account_ids):
        shares[AccountId(row["account_id"])][row["journal_id"], row["use"]] = row["amount_micro"]
    purchases = {bought, *(purchase for each in shares.values() for purchase, _ in each)} - {None}
    uses = {paid_out, *(use for each in shares.values() for _, use in each)} - {None}
    standing = await connection.fetch(STANDING, company_id, list(purchases)) if purchases else []
    settled = await connection.fetch(PAID_OUT, company_id, list(uses)) if uses else []
    return Kept(
        shares=dict(shares),
        purchases={
            JournalId(row["id"]): Standing(
                in_coins(max(0, row["credited_micro"] - row["taken_micro"]), coin),
                row["taken_micro"],
            )
            for row in standing
        },
        paid_out={
            JournalId(row["id"]): in_coins(row["amount_micro"] + coin // 2, coin) for row in settled
        },
        settlement=paid_out,
    )


async def came(
    connection: Connection, company_id: CompanyId, account_ids: Sequence[AccountId], *, coin: int
) -> dict[AccountId, list[Credit]]:
    """Return the credit that came to accounts and was not taken back, by when it came, in coins."""
    found: dict[AccountId, list[Credit]] = defaultdict(list)
    given: dict[AccountId, int] = defaultdict(int)
    for row in await connection.fetch(CAME, company_id, account_ids, list(PURCHASES)):
        account_id = AccountId(row["account_id"])
        if row["is_bought"]:
            amount = in_coins(max(0, row["amount_micro"] - row["taken_micro"]), coin)
            found[account_id].append(Credit(JournalId(row["id"]), amount))
            continue
        given[account_id] += row["amount_micro"]
        if row["amount_micro"] > 0:
            others = [one for one in found[account_id] if one.journal_id is not None]
            found[account_id] = [*others, Credit(None, 0)]
    return {
        account_id: [
            Credit(None, in_coins(max(0, given[account_id]), coin))
            if one.journal_id is None
            else one
            for one in credits_
        ]
        for account_id, credits_ in found.items()
    }


async def look_again(
    connection: Connection, *, company_id: CompanyId, account_id: AccountId, now: datetime
) -> None:
    """Have the purchases looked at of which something waits: fewer invoices may come by now."""
    rows = await connection.fetch(WAITING, company_id, account_id)
    purchases = [JournalId(row["journal_id"]) for row in rows]
    await due.note(connection, company_id=company_id, journal_ids=purchases, now=now)
    await due.note_payments(connection, company_id=company_id, account_ids=[account_id], now=now)


async def keep(
    connection: Connection,
    company_id: CompanyId,
    changes: Mapping[AccountId, Mapping[Key, int]],
    now: datetime,
) -> None:
    """Keep changes, and have the documents of the purchases looked at."""
    rows = [
        (account_id, purchase, use, amount)
        for account_id, changed in changes.items()
        for (purchase, use), amount in changed.items()
    ]
    if not rows:
        return
    await connection.execute(ADD, company_id, *zip(*rows, strict=True), now)
    # What only waited and pays now is the same to them.
    moved: dict[JournalId, int] = defaultdict(int)
    for _, purchase, _, amount in rows:
        if purchase is not None:
            moved[purchase] += amount
    changed = [purchase for purchase, amount in moved.items() if amount]
    await due.note(connection, company_id=company_id, journal_ids=changed, now=now)

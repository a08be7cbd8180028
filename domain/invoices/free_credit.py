"""What of accounts' own credit pays no invoice of a month yet, and what lacks for some it paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db.access import Connection
from db.ids import AccountId, CompanyId
from domain.currencies import coin, payable
from domain.invoices.postpaid import LAST_DAY, POSTPAID_DAYS
from domain.money import major, micro

# The balance has lost what invoices tell and what none tells yet; and what is left of payments is
# theirs to give. What is then left pays no invoice yet, or is missing for some that it paid. What
# was lent is not theirs.
# What was charged is compared with what was told of the same months, as far back as what comes late
# is told; what was told too much is theirs. $3: now.
FREE = f"""
    with postpaid as ({POSTPAID_DAYS})
    select b.account_id, c.currency, a.billing_mode = 'POSTPAID' as is_postpaid,
        charged.used_micro, untold.untold_micro,
        payments.left_micro,
        b.balance_micro - b.emergency_used_micro + invoiced.open_micro - payments.left_micro
            + untold.untold_micro as free_micro
    from account_balance b
    join account a on a.company_id = b.company_id and a.id = b.account_id
    join company c on c.id = b.company_id
    left join postpaid on postpaid.account_id = b.account_id
    cross join lateral (
        select min(i.month) as first, max(i.month) as last,
            coalesce(sum(i.total_micro - i.paid_micro - i.credited_micro), 0)::int8 as open_micro
        from invoice i
        where i.company_id = $1 and i.account_id = b.account_id and i.kind = 'MONTHLY'
    ) invoiced
    cross join lateral (
        select coalesce(sum(p.amount_micro - p.allocated_micro), 0)::int8 as left_micro
        from payment p where p.company_id = $1 and p.account_id = b.account_id
            and p.state = 'POSTED' and p.allocated_micro < p.amount_micro
    ) payments
    cross join lateral (
        select coalesce(
            greatest(invoiced.first, (invoiced.last - interval '4 months')::date),
            (date_trunc('month', $3 at time zone c.time_zone) - interval '5 months')::date) as first
    ) since
    cross join lateral (
        select coalesce(sum(amount_micro) filter (where is_postpaid), 0)::int8 as postpaid_micro,
            coalesce(sum(amount_micro) filter (where is_postpaid is not true), 0)::int8
                as used_micro
        from (
            select a.local_date <@ postpaid.days as is_postpaid, a.charged_micro as amount_micro
            from accrual a where a.company_id = $1 and a.account_id = b.account_id
                and a.local_date >= since.first
            union all
            select {LAST_DAY.format(month="m.month")} <@ postpaid.days, m.amount_micro
            from month_charge m where m.company_id = $1 and m.account_id = b.account_id
                and m.month >= since.first
        ) each
    ) charged
    cross join lateral (
        select coalesce(sum(i.total_micro - i.rounding_micro - coalesce((
            select sum(l.amount_micro + coalesce((
                select sum(t.amount_micro) from invoice_line_tax t
                where t.company_id = $1 and t.invoice_id = i.id and t.line = l.line), 0))
            from invoice_line l
            where l.company_id = $1 and l.invoice_id = i.id and l.energy_month < since.first
        ), 0)), 0)::int8 as told_micro
        from invoice i
        where i.company_id = $1 and i.account_id = b.account_id and i.kind = 'MONTHLY'
            and i.month >= since.first
    ) told
    cross join lateral (
        select greatest(0, charged.postpaid_micro - told.told_micro) as untold_micro
    ) untold
    where b.company_id = $1 and b.account_id = any($2::int8[])
    order by b.account_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an account's own credit stands, in millionths.

    free: what pays no invoice yet, or, below zero, what lacks. untold: what postpaid days were
    charged and no invoice tells, if that is above zero. used: by paying before. of_payments: what
    is left of them.
    """

    currency: str
    is_postpaid: bool
    free: int
    untold: int
    used: int
    of_payments: int

    @property
    def is_bought(self) -> bool:
        """Whether what is left of payments has bought credit: no invoice is to come for it."""
        return not self.is_postpaid and self.untold == 0

    @property
    def coin(self) -> int:
        return coin(self.currency)

    @property
    def payable(self) -> int:
        """What can be paid, in whole coins; below zero, what it must give up.

        What was used by paying before has used up credit, and lets no invoice be unpaid.
        """
        free = self.free if self.free >= 0 else min(0, self.free + self.used)
        return in_coins(free, self.coin)

    def payable_of(self, waiting: int) -> int:
        """Return how much of what waits for invoices can pay them, though it was used up since."""
        return in_coins(max(0, min(waiting, self.free + self.used)), self.coin)

    @property
    def to_wait(self) -> int:
        """How much invoices that are not written yet will come to."""
        return micro(payable(major(self.untold), self.currency))


async def standings(
    connection: Connection, company_id: CompanyId, account_ids: Sequence[AccountId], now: datetime
) -> dict[AccountId, Standing]:
    """Return how accounts' own credit stands. The caller has locked their balances."""
    return {
        AccountId(row["account_id"]): Standing(
            currency=row["currency"],
            is_postpaid=row["is_postpaid"],
            free=row["free_micro"],
            untold=row["untold_micro"],
            used=row["used_micro"],
            of_payments=row["left_micro"],
        )
        for row in await connection.fetch(FREE, company_id, account_ids, now)
    }


def in_coins(amount: int, coin: int) -> int:
    """Return an amount in whole coins: what lacks a part of one lacks it."""
    return amount - amount % coin

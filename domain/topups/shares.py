"""What companies agreed to take of each payment for debt, in SQL and as rows have it."""

from domain.listing import Record
from domain.money import major
from domain.topups.clearing import Share

# Of an account `a` of a company `c`, at the instant that replaces {at}. Weeks begin on Monday.
SHARE = """
    c.debt_share_percent, c.debt_share_cap_micro,
    case when c.debt_share_cap_micro is not null then (
        select coalesce(sum(taken.debt_share_micro), 0)::int8 from (
            select t.debt_share_micro, t.credited_at as taken_at from top_up t
            where t.company_id = a.company_id and t.account_id = a.id and t.debt_share_micro > 0
            union all
            select p.debt_share_micro, p.recorded_at from payment p
            where p.company_id = a.company_id and p.account_id = a.id and p.debt_share_micro > 0
                and p.state = 'POSTED'
        ) taken
        where taken.taken_at >= date_trunc(lower(c.debt_share_period),
            {at}::timestamptz at time zone c.time_zone) at time zone c.time_zone
    ) end as debt_share_taken_micro
"""


def share_of(row: Record) -> Share | None:
    """Return what is taken of a payment; None where all debt is due at once."""
    if row["debt_share_percent"] is None:
        return None
    cap_micro = row["debt_share_cap_micro"]
    return Share(
        percent=row["debt_share_percent"],
        cap=None if cap_micro is None else major(cap_micro),
        taken=major(row["debt_share_taken_micro"] or 0),
    )

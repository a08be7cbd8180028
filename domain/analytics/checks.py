"""Checking the sums: whatever they say, rebuilt from entries and accruals."""

from db import access
from domain.analytics.folding import COUNTED, counted_lines
from domain.ledger.queries import DIFFERENCES_MAX, Difference, differences

# What was folded and what still waits, together, are what the entries say.
MONEY = f"""
    with told as (
        select company_id, local_date, coalesce(field_id, 0) as field_id, kind, side,
            sum(debited) as debited, sum(credited) as credited, sum(debits) as debits,
            sum(credits) as credits
        from (
            select company_id, local_date, field_id, kind, side, debited, credited, debits, credits
            from money_sum
            union all
            select company_id, local_date, field_id, kind, side, {COUNTED}
            from ({counted_lines("unsummed_journal")}) line
            group by company_id, local_date, field_id, kind, side
        ) part
        group by 1, 2, 3, 4, 5
    ), booked as (
        select company_id, local_date, field_id, kind, side, {COUNTED}
        from (
            select e.company_id, j.local_date, coalesce(e.field_id, 0) as field_id, j.kind,
                l.kind as side, e.amount
            from entry e
            join journal j on j.company_id = e.company_id and j.id = e.journal_id
            join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id
        ) line
        group by 1, 2, 3, 4, 5
    )
    select company_id, concat_ws(' ', 'sum', figure.what, local_date, kind, side,
            'field ' || nullif(field_id, 0)) as what,
        null::int8 as account_id, figure.stored, figure.rebuilt
    from told t full join booked b using (company_id, local_date, field_id, kind, side)
    cross join lateral (values
        ('debited', coalesce(t.debited, 0), coalesce(b.debited, 0)),
        ('credited', coalesce(t.credited, 0), coalesce(b.credited, 0)),
        ('debits', coalesce(t.debits, 0), coalesce(b.debits, 0)),
        ('credits', coalesce(t.credits, 0), coalesce(b.credits, 0))
    ) as figure (what, stored, rebuilt)
    where figure.stored <> figure.rebuilt
"""
# Days that nobody has charged anything to since they were measured.
CHARGES = """
    with settled as (
        select d.company_id, d.local_date
        from charged_day d
        join measured_day m on m.company_id = d.company_id and m.local_date = d.local_date
            and m.opened = d.opened
    ), told as (
        select company_id, local_date, sum(c.charged_micro) as charged_micro,
            sum(c.energy_wh) as energy_wh
        from settled join charge_sum c using (company_id, local_date) group by 1, 2
    ), accrued as (
        select company_id, local_date, sum(a.charged_micro) as charged_micro,
            sum(a.energy_wh) as energy_wh
        from settled join accrual a using (company_id, local_date) group by 1, 2
    )
    select company_id, 'sum ' || figure.what || ' ' || local_date as what,
        null::int8 as account_id, figure.stored, figure.rebuilt
    from told t full join accrued a using (company_id, local_date)
    cross join lateral (values
        ('charged', coalesce(t.charged_micro, 0) * 0.000001,
            coalesce(a.charged_micro, 0) * 0.000001),
        ('energy in kWh', coalesce(t.energy_wh, 0) * 0.001, coalesce(a.energy_wh, 0) * 0.001)
    ) as figure (what, stored, rebuilt)
    where figure.stored <> figure.rebuilt
"""


async def verify(*, at_most: int | None = DIFFERENCES_MAX) -> list[Difference]:
    """Rebuild the sums of the books and of days, and return what differs.

    at_most: differences of a kind; None: all. Reads one snapshot and writes nothing.
    """
    async with access.system(snapshot=True) as connection:
        return await differences(connection, (MONEY, CHARGES), at_most=at_most)

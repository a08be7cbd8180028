"""Money by field and local day: what is posted is queued, and folded into sums later.

Sums and queue together are the books at every moment, for both change in one transaction.
"""

from db import access

JOURNALS_OF_CHUNK = 2_000
CHUNKS_MAX = 100

COUNTED = """
    coalesce(-sum(amount) filter (where amount < 0), 0) as debited,
    coalesce(sum(amount) filter (where amount > 0), 0) as credited,
    count(*) filter (where amount < 0) as debits, count(*) filter (where amount > 0) as credits
"""


def counted_lines(queue: str) -> str:
    """Return a query of the entries of a queue of company_id, journal_id.

    Each is found by its key: `offset 0` leaves the planner no other way, however many wait.
    """
    return f"""
    select q.company_id, e.field_id, j.local_date, j.kind, l.kind as side, e.amount
    from {queue} q
    cross join lateral (
        select local_date, kind from journal
        where company_id = q.company_id and id = q.journal_id offset 0
    ) j
    cross join lateral (
        select field_id, ledger_account_id, amount from entry
        where company_id = q.company_id and journal_id = q.journal_id offset 0
    ) e
    cross join lateral (
        select kind from ledger_account
        where company_id = q.company_id and id = e.ledger_account_id offset 0
    ) l"""


# Whoever folds at the same time takes others, and waits where their sums are the same: in order.
FOLD = f"""
    with taken as (
        delete from unsummed_journal u using (
            select company_id, journal_id from unsummed_journal
            order by company_id, journal_id limit $1 for update skip locked
        ) t
        where u.company_id = t.company_id and u.journal_id = t.journal_id
        returning u.company_id, u.journal_id
    ), sums as (
        insert into money_sum as m (company_id, local_date, field_id, kind, side,
            debited, credited, debits, credits)
        select company_id, local_date, field_id, kind, side, {COUNTED}
        from ({counted_lines("taken")}) line
        group by company_id, local_date, field_id, kind, side
        order by company_id, local_date, field_id, kind, side
        on conflict (company_id, local_date, field_id, kind, side) do update
        set debited = m.debited + excluded.debited, credited = m.credited + excluded.credited,
            debits = m.debits + excluded.debits, credits = m.credits + excluded.credits
    )
    select count(*) from taken
"""


async def fold() -> int:
    """Fold what is queued into the sums, in short transactions; return how many journals.

    Safe to repeat, to be killed in and to run several times at once.
    """
    folded = 0
    for _ in range(CHUNKS_MAX):
        async with access.system() as connection:
            count = int(await connection.fetchval(FOLD, JOURNALS_OF_CHUNK))
        folded += count
        if count < JOURNALS_OF_CHUNK:
            break
    return folded

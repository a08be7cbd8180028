"""Forgetting raw frames past their company's retention, but never one that still waits.

Days that nobody keeps and of which nothing waits are dropped whole, by `partitions`; what is
deleted here is what those who keep less, or wait for nothing, have on days that stay.
"""

from datetime import datetime, timedelta

from db import access

# Of one transaction, and such transactions of one call: no job may hold up the others.
FORGOTTEN_MAX = 10_000
FORGET_CHUNKS_MAX = 40
# Dropping a day costs nothing, deleting its rows does: the hourly job comes first.
AFTER_DROPPING = timedelta(hours=2)

KEPT_FROM = "$1::timestamptz - c.raw_frame_retention_days * interval '1 day'"
FORGET_REVIEWS = f"""
    delete from review_frame r using company c
    where r.company_id = c.id and r.received_at < {KEPT_FROM}
        and (r.status = 'IGNORED' or r.reason = 'INCOMPLETE')
"""
# Whole days of UTC go, as they do when they are dropped.
FORGET = f"""
    with waiting as (
        select company_id, frame_id, fragment_ids from pending_frame
        union all
        select company_id, frame_id, fragment_ids from review_frame
    ), kept as (
        select company_id, frame_id as id from waiting
        union all
        select company_id, unnest(fragment_ids) from waiting
    ), old as (
        select o.company_id, o.id, o.received_at
        from company c
        cross join lateral (
            select company_id, id, received_at from raw_frame
            where company_id = c.id
                and received_at < date_trunc('day', {KEPT_FROM}, 'UTC')
        ) o
        where not exists (select from kept k where (k.company_id, k.id) = (o.company_id, o.id))
        limit $2
    )
    delete from raw_frame f using old
    where f.company_id = old.company_id and f.id = old.id and f.received_at = old.received_at
"""


async def forget_reviews(*, now: datetime) -> None:
    """Drop what nobody has to look at: frames without readings, and messages that never ended."""
    async with access.system() as connection:
        await connection.execute(FORGET_REVIEWS, now)


async def forget(*, now: datetime) -> int:
    """Delete frames past their retention, 400,000 at most; return how many. Safe to repeat."""
    before = now - AFTER_DROPPING
    forgotten = 0
    for _ in range(FORGET_CHUNKS_MAX):
        async with access.system() as connection:
            status = await connection.execute(FORGET, before, FORGOTTEN_MAX)
        chunk = int(status.rsplit(" ", 1)[1])
        forgotten += chunk
        if chunk < FORGOTTEN_MAX:
            break
    return forgotten

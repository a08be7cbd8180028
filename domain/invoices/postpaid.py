"""When accounts paid after they consumed: what fell into these days is invoiced by the month.

The books charge by local days, so a day is as a whole of the mode in which it ended; on the day of
a change that is the new one. What a month was charged as a whole goes with its last day.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from db.access import Connection
from db.ids import AccountId, CompanyId
from domain.invoices.stretches import Stretch
from domain.tariffs.flows import Span, overlap
from domain.tariffs.schedule import day_start

Spans: TypeAlias = Mapping[AccountId, Sequence[Span]]

# Whether some of the days from `since` on, and before `until`, are an account's postpaid ones. The
# company is $1.
IS_POSTPAID = """exists (
    select from account_mode s
    where s.company_id = $1 and s.account_id = {account} and s.mode = 'POSTPAID'
        and (s.started_at at time zone (select time_zone from company where id = $1))::date
            < {until}
        and (s.ended_at is null
            or (s.ended_at at time zone (select time_zone from company where id = $1))::date
                > {since}))
"""
# All the days that accounts paid for later, one value each: whoever asks of many days looks at an
# account's stays once. The company is $1, the accounts are $2.
POSTPAID_DAYS = """
    select s.account_id, range_agg(daterange(
            (s.started_at at time zone c.time_zone)::date,
            (s.ended_at at time zone c.time_zone)::date)) as days
    from account_mode s
    join company c on c.id = s.company_id
    where s.company_id = $1 and s.account_id = any($2::int8[]) and s.mode = 'POSTPAID'
    group by s.account_id
"""
LAST_DAY = "({month} + interval '1 month' - interval '1 day')::date"
STAYS = """
    select account_id, started_at, ended_at from account_mode
    where company_id = $1 and account_id = any($2::int8[]) and mode = 'POSTPAID'
        and started_at < $4 and (ended_at is null or ended_at > $3)
    order by account_id, started_at
"""


async def postpaid_spans(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_ids: Sequence[AccountId],
    within: Span,
    zone: ZoneInfo,
) -> Spans:
    """Return the days within a span that accounts pay for later, as far as they follow each other.

    within: from one local midnight to another.
    """
    spans: dict[AccountId, list[Span]] = defaultdict(list)
    for row in await connection.fetch(STAYS, company_id, account_ids, *within):
        ended_at = row["ended_at"]
        until = within.ends_at if ended_at is None else _midnight(ended_at, zone)
        span = overlap(Span(_midnight(row["started_at"], zone), until), within)
        if span is None:
            continue
        found = spans[AccountId(row["account_id"])]
        if found and found[-1].ends_at == span.starts_at:
            span = Span(found.pop().starts_at, span.ends_at)
        found.append(span)
    return spans


def while_postpaid(found: Iterable[Stretch], spans: Spans) -> list[Stretch]:
    """Return the parts of stretches that their accounts pay for later."""
    return [
        replace(stretch, span=part)
        for stretch in found
        for span in spans.get(stretch.segment.account_id, ())
        if (part := overlap(stretch.span, span)) is not None
    ]


def _midnight(at: datetime, zone: ZoneInfo) -> datetime:
    return day_start(at.astimezone(zone).date(), zone)

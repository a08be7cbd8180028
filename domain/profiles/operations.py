"""Storing load profiles: each interval once, and what they change of charges in one go with it."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from db.access import Connection
from db.ids import CompanyId, MeterId
from domain.billing.resettling import charged_by_profile
from domain.profiles import storing
from domain.profiles.rules import PRICED_CHANNELS, Told, held, sorted_out
from domain.tariffs.flows import Span

INTERVALS_MAX = 100_000

LOCK_METERS = """
    select from billing_state s
    join unnest($1::int4[], $2::int8[]) asked (company_id, meter_id)
        on (s.company_id, s.meter_id) = (asked.company_id, asked.meter_id)
    order by s.company_id, s.meter_id for update of s
"""
TELL = """
    insert into outbox (company_id, topic, created_at, from_ts, to_ts, meter_ids)
    select company_id, 'profiles', $1, min(starts_at), max(ends_at), array_agg(distinct meter_id)
    from unnest($2::int4[], $3::int8[], $4::timestamptz[], $5::timestamptz[])
        told (company_id, meter_id, starts_at, ends_at)
    group by company_id
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of intervals: new, known already, and held or contradicting.

    spans: of each meter, the time in which something is new that prices are told apart by.
    """

    new: int = 0
    known: int = 0
    held: int = 0
    conflicting: int = 0
    spans: Mapping[tuple[CompanyId, MeterId], Span] = field(default_factory=dict, compare=False)


async def lock_meters(connection: Connection, meters: Iterable[tuple[CompanyId, MeterId]]) -> None:
    """Lock the billing states of meters in key order, before anything of a batch is charged."""
    asked = sorted(set(meters))
    await connection.execute(LOCK_METERS, [one for one, _ in asked], [one for _, one in asked])


async def store(connection: Connection, told: Sequence[Told], *, now: datetime) -> Stored:
    """Store intervals, in the caller's `system` transaction that has locked their meters.

    What they change of charges goes to the transaction's temporary `charge` table. Repeating them,
    or any part in any order, changes nothing.

    :raises ValueError: more than INTERVALS_MAX of them; nothing is written
    """
    if len(told) > INTERVALS_MAX:
        raise ValueError(f"{len(told)} intervals; at most {INTERVALS_MAX} expected")
    judged = [(one, held(one, now=now)) for one in told]
    timely = [one for one, rule in judged if rule is None]
    kept_out = {one: rule for one, rule in judged if rule is not None}
    found = sorted_out(timely, await storing.around(connection, timely))
    # Meters send their whole memory again, with much that was not too old when it was new.
    untimely = sorted_out(kept_out, await storing.around(connection, kept_out))
    to_hold = [(one, kept_out[one]) for one in (*untimely.new, *untimely.conflicts)]
    spans: Mapping[tuple[CompanyId, MeterId], Span] = {}
    if found.new:
        spans = await _insert(connection, found.new)
        await _tell(connection, found.new, now=now)
    if found.conflicts:
        await storing.keep_conflicts(connection, found.conflicts)
    if to_hold:
        await storing.hold(connection, to_hold)
    known = found.known + untimely.known
    return Stored(len(found.new), known, len(to_hold), len(found.conflicts), spans)


async def _insert(
    connection: Connection, new: Sequence[Told]
) -> Mapping[tuple[CompanyId, MeterId], Span]:
    """Insert intervals, and charge what they change of each meter; return the time of that."""
    spans = _spans([one for one in new if one.channel in PRICED_CHANNELS])
    spans = await storing.reaches(connection, spans)
    async with AsyncExitStack() as charging:
        for (company_id, meter_id), span in spans.items():
            await charging.enter_async_context(
                charged_by_profile(connection, company_id=company_id, meter_id=meter_id, span=span)
            )
        await storing.insert(connection, new)
    return spans


def _spans(new: Sequence[Told]) -> dict[tuple[CompanyId, MeterId], Span]:
    """Return the time in which intervals are, by meter."""
    by_meter = groupby(sorted(new), key=attrgetter("company_id", "meter_id"))
    return {meter: _span(list(its)) for meter, its in by_meter}


def _span(told: Sequence[Told]) -> Span:
    return Span(min(one.starts_at for one in told), max(one.ends_at for one in told))


async def _tell(connection: Connection, new: Sequence[Told], *, now: datetime) -> None:
    """Write the event of this batch: a row per company, with ids and no values."""
    await connection.execute(
        TELL,
        now,
        [one.company_id for one in new],
        [one.meter_id for one in new],
        [one.starts_at for one in new],
        [one.ends_at for one in new],
    )

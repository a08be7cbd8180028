"""What changes for the meters below points when it changes who pays, or what measures, above them.

What these meters charged is deducted above by the terms that held then. So where terms begin or end
above at an instant up to which they are charged already, their deductions are settled again.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from db.access import Connection
from db.ids import AccountId, CompanyId, MeterId, PointId
from domain.billing import accrual, ancestors, estimates, indexes, queries, shares
from domain.billing.accrual import Charge
from domain.billing.claims import AlreadyBilled
from domain.billing.energy import less, settlement
from domain.billing.operations import save_bases
from domain.billing.profiles import with_profile
from domain.billing.rules import Anchor, Segment, difference
from domain.billing.told import told

# Each costs some ten queries, in a transaction of five seconds.
RESETTLED_MAX = 100

# Points and all those above them in key order: who changes something at a point, or anywhere above
# or below it, waits.
HOLD_LINES = """
    with recursive line(id) as (
        select p.id from metering_point p where p.company_id = $1 and p.id = any($2::int8[])
        union
        select p.parent_id from line
        join metering_point p on p.company_id = $1 and p.id = line.id
        where p.parent_id is not null
    )
    select id from metering_point where company_id = $1 and id in (select id from line)
    order by id for no key update
"""
# The points' own meters come along, for all meters are locked in key order.
HOLD_METERS = """
    with recursive below(id, way, is_own) as (
        select id, array[id], true from unnest($2::int8[]) own(id)
        union all
        select c.point_id, below.way || c.point_id, false
        from below join point_parent c on c.company_id = $1 and c.parent_id = below.id
        where (c.ends_at is null or c.ends_at > $4 or $4::timestamptz is null)
            and c.point_id <> all (below.way)
    ), mounted as (
        select m.meter_id, bool_or(not below.is_own) as is_below
        from below join mounting m on m.company_id = $1 and m.point_id = below.id
        where m.ended_at is null or m.ended_at > $4 or $4::timestamptz is null
        group by m.meter_id
    )
    select s.meter_id, s.billed_at, coalesce(m.is_below, false) as is_below
    from billing_state s left join mounted m on m.meter_id = s.meter_id
    where s.company_id = $1 and (s.meter_id = any($3::int8[])
        or s.meter_id in (select meter_id from mounted))
    order by s.meter_id for update of s
"""
# Who pays on the lines of points and below them: the body and what is settled after it charge these
# accounts in several goes, and all accounts are locked in key order.
HOLD_BALANCES = """
    with recursive above(id) as (
        select unnest($2::int8[])
        union
        select c.parent_id from above
        join point_parent c on c.company_id = $1 and c.point_id = above.id
    ), below(id) as (
        select unnest($2::int8[])
        union
        select c.point_id from below
        join point_parent c on c.company_id = $1 and c.parent_id = below.id
    )
    select from account_balance
    where company_id = $1 and account_id in (
        select ap.account_id from account_point ap where ap.company_id = $1
            and ap.point_id in (select id from above union select id from below)
            and (ap.ended_at is null or ap.ended_at > $3)
        union all
        select unnest($4::int8[]))
    order by account_id for no key update
"""
LOOK_AGAIN = """
    update billing_state set terms_until = billed_at
    where company_id = $1 and meter_id = any($2::int8[]) and billed_at is not null
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A meter that nobody else charges until the transaction ends. is_below: of a point below."""

    meter_id: MeterId
    billed_at: datetime | None
    is_below: bool


async def hold_lines(
    connection: Connection, company_id: CompanyId, point_ids: Iterable[int]
) -> None:
    """Keep points, and those above them, as they are. Comes before any lock of meters."""
    await connection.execute(HOLD_LINES, company_id, list(point_ids))


async def hold_meters(
    connection: Connection,
    company_id: CompanyId,
    point_ids: Iterable[int],
    *,
    meter_ids: Iterable[int] = (),
    since: datetime | None = None,
) -> list[Held]:
    """Hold the meters of points and of all points below them, in the order in which ingest does.

    meter_ids: others to hold in the same order. since: leave out those that were removed before.
    """
    rows = await connection.fetch(HOLD_METERS, company_id, list(point_ids), list(meter_ids), since)
    return [Held(MeterId(row["meter_id"]), row["billed_at"], row["is_below"]) for row in rows]


async def look_again(connection: Connection, company_id: CompanyId, held: Iterable[Held]) -> None:
    """Let the next read of meters find out anew on which terms they are."""
    await connection.execute(LOOK_AGAIN, company_id, [one.meter_id for one in held])


@asynccontextmanager
async def settled(
    connection: Connection,
    *,
    company_id: CompanyId,
    point_ids: Iterable[PointId],
    meter_ids: Iterable[MeterId] = (),
    account_ids: Iterable[AccountId] = (),
    since: datetime,
    path: tuple[str, ...],
    now: datetime,
) -> AsyncIterator[None]:
    """Settle what is below points, after the body has changed who pays or measures there.

    since: when the change begins. meter_ids: what the body charges besides the points' own meters.
    account_ids: whom it charges besides those who pay there before it. The points are held, with
    their lines.

    :raises AlreadyBilled: more than RESETTLED_MAX meters below are charged beyond that instant
    """
    held = await hold_meters(connection, company_id, point_ids, meter_ids=meter_ids, since=since)
    await connection.execute(HOLD_BALANCES, company_id, list(point_ids), since, list(account_ids))
    below = [one for one in held if one.is_below]
    late = [one for one in below if one.billed_at is not None and one.billed_at > since]
    if len(late) > RESETTLED_MAX:
        latest = max(one.billed_at for one in late if one.billed_at is not None)
        raise AlreadyBilled(*path, until=latest.isoformat())
    courses = [await _Course.since(connection, company_id, one, since) for one in late]
    yield
    charges = [charge for course in courses for charge in await course.settled(connection)]
    await look_again(connection, company_id, below)
    await accrual.stage(connection, charges)
    await accrual.accrue(connection, now=now)


@dataclass(frozen=True, slots=True)
class _Course:
    """What is known of a meter's index around and after a change, and what was deducted of it."""

    company_id: CompanyId
    meter_id: MeterId
    anchors: Sequence[Anchor]
    was: Sequence[Segment]

    @classmethod
    async def since(
        cls, connection: Connection, company_id: CompanyId, held: Held, since: datetime
    ) -> "_Course":
        anchors = await indexes.anchors(
            connection,
            company_id=company_id,
            meter_id=held.meter_id,
            from_at=since,
            until_at=held.billed_at or since,
        )
        was = await _deducted(connection, company_id, held.meter_id, anchors)
        return cls(company_id, held.meter_id, anchors, was)

    async def settled(self, connection: Connection) -> list[Charge]:
        """Return what is deducted less, or more with negative sign, by the terms as they are."""
        due = await _deducted(connection, self.company_id, self.meter_id, self.anchors)
        zone = await queries.company_zone(connection, self.company_id)
        anchors = await told(
            connection, company_id=self.company_id, meter_id=self.meter_id, known=self.anchors
        )
        anchors = await with_profile(
            connection, company_id=self.company_id, meter_id=self.meter_id, known=anchors
        )
        earlier = await indexes.earlier_anchors(
            connection,
            company_id=self.company_id,
            meter_id=self.meter_id,
            before=self.anchors[0].at,
            segments=[*self.was, *due],
            zone=zone,
        )
        before, after = (shares.charged(anchors, terms, zone, earlier) for terms in (self.was, due))
        await save_bases(
            connection,
            company_id=self.company_id,
            meter_id=self.meter_id,
            bases=after.bases,
        )
        await estimates.keep(
            connection,
            company_id=self.company_id,
            meter_id=self.meter_id,
            before=before.estimated,
            after=after.estimated,
        )
        return settlement(
            self.company_id,
            charges=difference(before.charges, after.charges),
            taxes=difference(before.taxes, after.taxes),
            after=less({}, shares.used(self.anchors, due, zone)),
            before=less({}, shares.used(self.anchors, self.was, zone)),
        )


async def _deducted(
    connection: Connection, company_id: CompanyId, meter_id: MeterId, anchors: Sequence[Anchor]
) -> list[Segment]:
    from_at, until_at = anchors[0].at, anchors[-1].at
    own = await queries.segments(
        connection, company_id=company_id, meter_id=meter_id, from_at=from_at, until_at=until_at
    )
    return await ancestors.deducted(
        connection,
        company_id=company_id,
        meter_id=meter_id,
        own=own,
        from_at=from_at,
        until_at=until_at,
    )

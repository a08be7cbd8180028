"""Charging meters that need more than the batch statement: new terms, price changes, late reads."""

from datetime import datetime

from asyncpg import Record

from db.access import Connection
from db.ids import CompanyId, MeterId
from domain.billing import accrual, ancestors, estimates, indexes, queries, shares
from domain.billing.accrual import Charge
from domain.billing.claims import Claim, judged
from domain.billing.deductions import net
from domain.billing.energy import less, settlement
from domain.billing.profiles import with_profile
from domain.billing.queries import Terms
from domain.billing.rules import Anchor, Base, Bill, difference
from domain.refusals import NotThere
from domain.tariffs.flows import INSTANT


async def begin_terms(
    connection: Connection, *, company_id: CompanyId, meter_id: MeterId, claim: Claim, now: datetime
) -> None:
    """Charge a meter up to what is claimed, and from there on by the terms that hold then.

    Joins the caller's transaction, which has written the mounting and the account of both sides.

    :raises AlreadyBilled, IndexOutOfRange, IndexContradicts, IndexFell, IndexImplausible: the
        index cannot be true, or is too late
    """
    state = await locked_state(connection, company_id=company_id, meter_id=meter_id)
    at = judged(claim, state)
    due_from = state["terms_until"]
    if state["account_id"] is not None or (due_from is not None and due_from < at.at):
        await _charge_until(connection, company_id, meter_id, at, now=now)
    terms = await queries.terms_at(connection, company_id=company_id, meter_id=meter_id, at=at.at)
    await _save_terms(connection, company_id, meter_id, at, terms, terms_since=at.at + INSTANT)
    await connection.execute(
        "update billing_state set base_index_wh = $3 where company_id = $1 and meter_id = $2",
        company_id,
        meter_id,
        at.index_wh,
    )
    bases = {at.at: Base(at.index_wh, False)}
    await save_bases(connection, company_id=company_id, meter_id=meter_id, bases=bases)


async def locked_state(
    connection: Connection, *, company_id: CompanyId, meter_id: MeterId
) -> Record:
    """Return how far a meter is charged; nobody else charges it until the transaction ends.

    :raises NotThere: the company has no such meter
    """
    state = await connection.fetchrow(
        "select billed_at, billed_index_wh, register_range_wh, power_w_max, account_id,"
        " case when isfinite(terms_until) then terms_until end as terms_until"
        " from billing_state where company_id = $1 and meter_id = $2 for update",
        company_id,
        meter_id,
    )
    if state is None:
        raise NotThere
    return state


async def _charge_until(
    connection: Connection, company_id: CompanyId, meter_id: MeterId, at: Anchor, *, now: datetime
) -> None:
    """Charge the energy up to an index that no reading brings."""
    before = await indexes.anchors(
        connection, company_id=company_id, meter_id=meter_id, from_at=at.at, until_at=at.at
    )
    after = before
    if at not in before:
        after = await with_profile(
            connection, company_id=company_id, meter_id=meter_id, known=[*before, at]
        )
    charges = await settle(
        connection, company_id=company_id, meter_id=meter_id, before=before, after=after
    )
    await accrual.stage(connection, charges)
    await accrual.accrue(connection, now=now)


async def _save_terms(
    connection: Connection,
    company_id: CompanyId,
    meter_id: MeterId,
    at: Anchor,
    terms: Terms,
    *,
    terms_since: datetime,
) -> None:
    """Say that a meter is charged until `at`, and goes on from there on `terms`.

    terms_since: changes of terms from here on end them. Below a point that an account pays for,
    they end at once: each read is deducted there, too, which the batch statement does not do. Nor
    does it charge several accounts.
    """
    until: datetime | None = at.at
    if not await _is_exceptional(connection, company_id, meter_id, at.at):
        until = await queries.terms_until(
            connection, company_id=company_id, meter_id=meter_id, since=terms_since
        )
    await connection.execute(
        "update billing_state set billed_at = $3, billed_index_wh = $4, account_id = $5,"
        " tariff_id = $6, version_from = $7, multiplier = $8,"
        " terms_until = coalesce($9::timestamptz, 'infinity')"
        " where company_id = $1 and meter_id = $2",
        company_id,
        meter_id,
        at.at,
        at.index_wh,
        terms.account_id,
        terms.tariff_id,
        terms.version_from,
        terms.multiplier,
        until,
    )


async def _is_exceptional(
    connection: Connection, company_id: CompanyId, meter_id: MeterId, at: datetime
) -> bool:
    return await ancestors.are_paid_for(
        connection, company_id=company_id, meter_id=meter_id, at=at
    ) or await queries.is_shared(connection, company_id=company_id, meter_id=meter_id, at=at)


async def settle(
    connection: Connection,
    *,
    company_id: CompanyId,
    meter_id: MeterId,
    before: list[Anchor],
    after: list[Anchor],
) -> list[Charge]:
    """Return the charges that the readings in `after` but not in `before` make.

    What they charge to an account is deducted from that of the point above, with negative sign.

    Both run from one common anchor on; the meter's billing state is locked by the caller and is
    brought up to date here.
    """
    segments = await queries.segments(
        connection,
        company_id=company_id,
        meter_id=meter_id,
        from_at=after[0].at,
        until_at=after[-1].at,
    )
    deducted = await ancestors.deducted(
        connection,
        company_id=company_id,
        meter_id=meter_id,
        own=segments,
        from_at=after[0].at,
        until_at=after[-1].at,
    )
    zone = await queries.company_zone(connection, company_id)
    earlier = await indexes.earlier_anchors(
        connection,
        company_id=company_id,
        meter_id=meter_id,
        before=after[0].at,
        segments=[*segments, *deducted],
        zone=zone,
    )
    was, due = (
        net(
            shares.charged(anchors, segments, zone, earlier),
            shares.charged(anchors, deducted, zone, earlier),
        )
        for anchors in (before, after)
    )
    await save_bases(connection, company_id=company_id, meter_id=meter_id, bases=due.bases)
    await estimates.keep(
        connection,
        company_id=company_id,
        meter_id=meter_id,
        before=was.estimated,
        after=due.estimated,
    )
    await _advance(connection, company_id, meter_id, after[-1], segments, due)
    return settlement(
        company_id,
        charges=difference(due.charges, was.charges),
        taxes=difference(due.taxes, was.taxes),
        after=less(shares.used(after, segments, zone), shares.used(after, deducted, zone)),
        before=less(shares.used(before, segments, zone), shares.used(before, deducted, zone)),
    )


async def save_bases(
    connection: Connection, *, company_id: CompanyId, meter_id: MeterId, bases: dict[datetime, Base]
) -> None:
    """Remember where segments began on a meter. A late reading may move an estimated one."""
    await connection.executemany(
        "insert into billing_segment (company_id, meter_id, starts_at, base_index_wh, estimated)"
        " values ($1, $2, $3, $4, $5) on conflict (company_id, meter_id, starts_at) do update"
        " set base_index_wh = excluded.base_index_wh, estimated = excluded.estimated",
        [
            (company_id, meter_id, at, base.index_wh, base.estimated)
            for at, base in sorted(bases.items())
        ],
    )


async def _advance(
    connection: Connection,
    company_id: CompanyId,
    meter_id: MeterId,
    last: Anchor,
    segments: list[queries.MeterSegment],
    due: Bill,
) -> None:
    """Move the billing state to `last` where that is news, with the terms it is on there."""
    state = await connection.fetchrow(
        "select billed_at from billing_state where company_id = $1 and meter_id = $2",
        company_id,
        meter_id,
    )
    if state is None or (state["billed_at"] is not None and state["billed_at"] > last.at):
        return
    reached = next((s for s in segments if s.reaches(last.at)), None)
    terms = Terms()
    if reached is not None and reached.portion is None:
        terms = Terms(
            reached.account_id, reached.tariff_id, reached.version_from, reached.multiplier
        )
    # On an edge it is still on the terms before, and the next read crosses it.
    await _save_terms(connection, company_id, meter_id, last, terms, terms_since=last.at)
    base = None if reached is None else due.bases.get(reached.starts_at)
    if base is not None:
        await connection.execute(
            "update billing_state set base_index_wh = $3 where company_id = $1 and meter_id = $2",
            company_id,
            meter_id,
            base.index_wh,
        )

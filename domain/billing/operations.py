"""Charging meters that need more than the batch statement: new terms, price changes, late reads."""

from datetime import date, datetime

from db.access import Connection
from db.ids import AccountId, CompanyId, MeterId
from domain.billing import queries
from domain.billing.rules import Anchor, Base, Bill, bill, difference


class AlreadyBilled(Exception):
    """Energy after that instant is charged already; nothing was written."""


async def begin_terms(
    connection: Connection,
    *,
    company_id: CompanyId,
    meter_id: MeterId,
    at: datetime,
    index_wh: int,
) -> None:
    """Charge a meter from `at` and `index_wh` on by the mounting and account that hold then.

    Joins the caller's transaction, which has written them.

    :raises AlreadyBilled: a later reading is charged already
    """
    state = await connection.fetchrow(
        "select billed_at from billing_state where company_id = $1 and meter_id = $2 for update",
        company_id,
        meter_id,
    )
    if state is None:
        raise LookupError(f"meter {meter_id} is unknown")
    if state["billed_at"] is not None and state["billed_at"] > at:
        raise AlreadyBilled(f"readings until {state['billed_at']} are charged")
    terms = await queries.terms_at(connection, company_id=company_id, meter_id=meter_id, at=at)
    await connection.execute(
        "update billing_state set billed_at = $3, billed_index_wh = $4, account_id = $5,"
        " tariff_id = $6, version_from = $7, multiplier = $8, base_index_wh = $4"
        " where company_id = $1 and meter_id = $2",
        company_id,
        meter_id,
        at,
        index_wh,
        terms.account_id,
        terms.tariff_id,
        terms.version_from,
        terms.multiplier,
    )
    await _save_bases(
        connection, company_id=company_id, meter_id=meter_id, bases={at: Base(index_wh, False)}
    )


async def settle(
    connection: Connection,
    *,
    company_id: CompanyId,
    meter_id: MeterId,
    before: list[Anchor],
    after: list[Anchor],
) -> list[tuple[CompanyId, AccountId, date, int]]:
    """Return the charges, in millionths, that the readings in `after` but not in `before` make.

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
    zone = await queries.company_zone(connection, company_id)
    was, due = bill(before, segments, zone), bill(after, segments, zone)
    await _save_bases(connection, company_id=company_id, meter_id=meter_id, bases=due.bases)
    await _advance(connection, company_id, meter_id, after[-1], segments, due)
    charges = difference(due.charges, was.charges)
    return [(company_id, account, day, amount) for (account, day), amount in charges.items()]


async def _save_bases(
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
    reached = next((s for s in segments if s.reaches(last.at)), None)
    base = None if reached is None else due.bases.get(reached.starts_at)
    await connection.execute(
        "update billing_state set billed_at = $3, billed_index_wh = $4, account_id = $5,"
        " tariff_id = $6, version_from = $7, multiplier = $8,"
        " base_index_wh = coalesce($9, base_index_wh)"
        " where company_id = $1 and meter_id = $2 and (billed_at is null or billed_at <= $3)",
        company_id,
        meter_id,
        last.at,
        last.index_wh,
        None if reached is None else reached.account_id,
        None if reached is None else reached.tariff_id,
        None if reached is None else reached.version_from,
        1 if reached is None else reached.multiplier,
        None if base is None else base.index_wh,
    )

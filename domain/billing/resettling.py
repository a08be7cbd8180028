"""Charging what meters measured once more: when it turns out who pays for it, or how it came."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from db.access import Connection
from db.ids import CompanyId, MeterId
from domain.billing import accrual, indexes, operations
from domain.billing.accrual import Charge
from domain.billing.rules import Anchor
from domain.tariffs.flows import Interval, Span


@asynccontextmanager
async def charged_anew(
    connection: Connection,
    *,
    company_id: CompanyId,
    meter_ids: Sequence[MeterId],
    since: datetime,
    now: datetime,
) -> AsyncIterator[None]:
    """Take back what meters charged since an instant, and charge it as things are after the body.

    meter_ids: locked by the caller. since: a reading or a claim stands there.
    """
    before = [await _charged(connection, company_id, meter_id, since) for meter_id in meter_ids]
    yield
    after = [await _charged(connection, company_id, meter_id, since) for meter_id in meter_ids]
    taken_back = [
        charge._replace(
            amount_micro=-charge.amount_micro,
            energy_wh=-charge.energy_wh,
            tax_micro=-charge.tax_micro,
        )
        for charges in before
        for charge in charges
    ]
    due = [charge for charges in after for charge in charges]
    await accrual.stage(connection, [*taken_back, *due])
    await accrual.accrue(connection, now=now)


@asynccontextmanager
async def charged_by_profile(
    connection: Connection, *, company_id: CompanyId, meter_id: MeterId, span: Span
) -> AsyncIterator[None]:
    """Charge what a meter's load profile tells of a span otherwise after the body than before it.

    The meter is locked by the caller. Charges go to the transaction's temporary `charge` table.
    """
    depends = await indexes.depends_on_profile(
        connection, company_id=company_id, meter_id=meter_id, span=span
    )
    before = await _around(connection, company_id, meter_id, span) if depends else []
    yield
    if not before:
        return
    after = await _around(connection, company_id, meter_id, span)
    if _told(after) != _told(before):
        charges = await operations.settle(
            connection, company_id=company_id, meter_id=meter_id, before=before, after=after
        )
        await connection.copy_records_to_table("charge", records=charges, schema_name="pg_temp")


def _told(known: Sequence[Anchor]) -> list[tuple[Sequence[Interval], Sequence[Interval]]]:
    return [(one.profile, one.exported) for one in known]


async def _around(
    connection: Connection, company_id: CompanyId, meter_id: MeterId, span: Span
) -> list[Anchor]:
    return await indexes.anchors(
        connection,
        company_id=company_id,
        meter_id=meter_id,
        from_at=span.starts_at,
        until_at=span.ends_at,
    )


async def _charged(
    connection: Connection, company_id: CompanyId, meter_id: MeterId, since: datetime
) -> list[Charge]:
    """Return what a meter charges since an instant by the terms as they are, and go on by these."""
    state = await operations.locked_state(connection, company_id=company_id, meter_id=meter_id)
    anchors = await indexes.anchors(
        connection,
        company_id=company_id,
        meter_id=meter_id,
        from_at=since,
        until_at=max(since, state["billed_at"] or since),
    )
    return await operations.settle(
        connection, company_id=company_id, meter_id=meter_id, before=anchors[:1], after=anchors
    )

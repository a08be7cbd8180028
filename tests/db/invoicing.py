"""A company with accounts that pay later, and a month of readings, for tests of invoices."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from db import access
from db.enums import BillingMode
from db.ids import CompanyId, InvoiceId, JournalId, PointId
from domain.invoices import monthly, purchases
from domain.invoices.rules import Month
from domain.invoices.stored import StoredInvoice, stored
from domain.ledger import operations as ledger
from domain.readings import operations as readings
from tests.factories import (
    Place,
    Supply,
    account_of,
    add_supply,
    make_place,
    make_read,
    make_register_set,
    open_account,
)

# Istanbul is three hours ahead: its February begins and ends here.
FEBRUARY = Month.of(datetime(2026, 2, 1, tzinfo=UTC).date())
MARCH = FEBRUARY.moved(1)
STARTS_AT = datetime(2026, 1, 31, 21, tzinfo=UTC)
ENDS_AT = datetime(2026, 2, 28, 21, tzinfo=UTC)
OPENED_AT = STARTS_AT - timedelta(days=4)
ISSUED_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
PRICE = Decimal("2.345678901")


async def make_postpaid(*, accounts: int = 1, multiplier: Decimal = Decimal(1)) -> Place:
    """Make a company whose accounts pay later, from before February 2026 on."""
    place = await make_place(meters=0, price=PRICE, opened_at=OPENED_AT)
    for _ in range(accounts):
        await add_postpaid(place, multiplier=multiplier)
    return place


async def add_postpaid(
    place: Place, *, multiplier: Decimal = Decimal(1), parent_id: PointId | None = None
) -> Supply:
    supply = await add_supply(
        place,
        opened_at=OPENED_AT,
        multiplier=multiplier,
        with_account=False,
        parent_id=parent_id,
    )
    account_id = await open_account(
        place,
        {supply.point_id: 0},
        supply.premises_id,
        opened_at=OPENED_AT,
        billing_mode=BillingMode.POSTPAID,
    )
    place.supplies[-1] = replace(supply, account_id=account_id)
    return place.supplies[-1]


async def measure(
    place: Place,
    registers: int,
    indexes: Mapping[datetime, int],
    supply: Supply | None = None,
    *,
    closed_at: datetime = ISSUED_AT,
) -> None:
    """Let a meter be read at instants, and close every day that has ended then."""
    async with access.system() as connection:
        reads = [
            make_read(place, registers, at, index, supply=supply) for at, index in indexes.items()
        ]
        await readings.store(connection, reads, now=max(indexes))
    await ledger.close_days(now=closed_at)


async def make_consumed() -> Place:
    """Make an account that pays later and consumed 123.456 kWh in February 2026."""
    place = await make_postpaid()
    registers = await make_register_set(place.company_id)
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT: 123_456})
    return place


async def invoiced(place: Place, *, now: datetime = ISSUED_AT) -> InvoiceId:
    """Invoice the February of its first account: 289.59."""
    return await monthly.issue(
        company_id=place.company_id, account_id=account_of(place), month=FEBRUARY, now=now
    )


async def invoice_purchase(place: Place, journal_id: JournalId, *, now: datetime) -> InvoiceId:
    async with access.tenant(place.company_id) as connection:
        return await purchases.issue(
            connection, company_id=place.company_id, journal_id=journal_id, now=now
        )


async def invoice_of(company_id: CompanyId, invoice_id: InvoiceId) -> StoredInvoice:
    async with access.tenant(company_id) as connection:
        (found,) = await stored(connection, company_id=company_id, invoice_ids=[invoice_id])
    return found


async def query(text: str, *arguments: Any) -> Any:
    async with access.system() as connection:
        return await connection.fetchval(text, *arguments)

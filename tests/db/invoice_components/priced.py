"""A company with prices of several components, and its invoices."""

from datetime import datetime, timedelta
from decimal import Decimal

from db.enums import ComponentKind, LineUnit, SlabPeriod
from domain.invoices import monthly
from domain.invoices.rules import InvoiceLine
from domain.invoices.stored import StoredInvoice
from domain.tariffs import proposals
from domain.tariffs.components import Component, Flat, PerDay, Slab, Slabs, Version
from domain.tariffs.presets import TR_TAXES, tr_time_of_use
from tests.db.invoicing import ENDS_AT, FEBRUARY, ISSUED_AT, MARCH, OPENED_AT, invoice_of, query
from tests.factories import Place, account_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


ENERGY = Component(name="Energy", kind=ComponentKind.ENERGY, shape=Flat(Decimal("2.345678901")))


GRID = Component(name="Grid", kind=ComponentKind.DISTRIBUTION, shape=Flat(Decimal("0.5")))


STANDING = Component(
    name="Standing", kind=ComponentKind.FEE, shape=PerDay(Decimal("1.25")), register=None
)


RATES = Component(
    name="Energy",
    kind=ComponentKind.ENERGY,
    shape=tr_time_of_use(Decimal("2.5"), Decimal("3.75"), Decimal("1.333333333")),
)


STEPS = Component(
    name="Steps",
    kind=ComponentKind.ENERGY,
    shape=Slabs(
        SlabPeriod.MONTH, (Slab(Decimal(50), Decimal(1)), Slab(None, Decimal("2.000000007")))
    ),
)


PLAIN = Version(components=(ENERGY, GRID, STANDING), taxes=TR_TAXES)


EVERYTHING = Version(components=(RATES, STEPS, GRID, STANDING), taxes=TR_TAXES)


async def change_to(place: Place, version: Version, at: datetime = OPENED_AT) -> None:
    """Let the place's tariff be a version from an instant on."""
    version_id = await proposals.propose(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        version=version,
        valid_from=at,
        by=None,
        now=OPENED_AT - DAY,
    )
    await proposals.approve(
        company_id=place.company_id, version_id=version_id, by=None, now=OPENED_AT - DAY
    )


async def issued(place: Place, *, now: datetime = ISSUED_AT, number: int = 0) -> StoredInvoice:
    invoice_id = await monthly.issue(
        company_id=place.company_id,
        account_id=account_of(place, number),
        month=FEBRUARY if now < ENDS_AT + 20 * DAY else MARCH,
        now=now,
    )
    return await invoice_of(place.company_id, invoice_id)


async def charged(place: Place, number: int = 0) -> Decimal:
    """Return what the books have for energy of February, in major units."""
    amount = await query(
        "select sum(posted_micro) from accrual where company_id = $1 and account_id = $2"
        " and local_date >= $3 and local_date < $4",
        place.company_id,
        account_of(place, number),
        FEBRUARY.first,
        MARCH.first,
    )
    return Decimal(amount or 0) / 1_000_000


def told(line: InvoiceLine) -> tuple[str | None, str, Decimal, LineUnit, Decimal]:
    assert line.priced is not None
    priced = line.priced
    return (priced.component, priced.rate, priced.quantity, priced.unit, line.amount)


def gross(invoice: StoredInvoice) -> Decimal:
    return invoice.totals.lines + invoice.totals.tax

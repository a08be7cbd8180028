"""A company whose tariff has taxes, and what the books say of them."""

from datetime import timedelta
from decimal import Decimal

from db import access
from db.enums import ComponentKind, LedgerAccountKind, TaxPoint
from db.ids import JournalId
from domain.ledger import operations as ledger
from domain.readings import operations as readings
from domain.readings.register_sets import ids_of
from domain.tariffs import operations as tariffs
from domain.tariffs import proposals
from domain.tariffs.components import Component, Flat, Tax, Version
from domain.tariffs.presets import TR_TAXES
from tests.factories import NOW, Place, account_of, add_supply, make_place, make_read

START = NOW - timedelta(days=3)


HOUR = timedelta(hours=1)


LATER = NOW + timedelta(days=1)


TOTAL = (("1.8.0", 0, "Wh"),)


Side = LedgerAccountKind


def version(tax_point: TaxPoint, taxes: tuple[Tax, ...] = TR_TAXES) -> Version:
    """Return one price of 1 per kWh: 1.26 with BTV, and with VAT on both."""
    energy = Component(name="Energy", kind=ComponentKind.ENERGY, shape=Flat(Decimal(1)))
    return Version(components=(energy,), taxes=taxes, tax_point=tax_point)


async def taxed_place(tax_point: TaxPoint) -> Place:
    place = await make_place(meters=0, opened_at=START)
    place.tariff_id = await tariffs.create_empty(company_id=place.company_id, name="Taxed")
    await approved(place, tax_point)
    await add_supply(place, opened_at=START)
    return place


async def approved(place: Place, tax_point: TaxPoint, taxes: tuple[Tax, ...] = TR_TAXES) -> None:
    version_id = await proposals.propose(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        version=version(tax_point, taxes),
        valid_from=START - HOUR,
        by=None,
        now=START - 2 * HOUR,
    )
    await proposals.approve(
        company_id=place.company_id, version_id=version_id, by=None, now=START - 2 * HOUR
    )


async def used(place: Place, *indexes: tuple[int, int]) -> None:
    """Store reads, by hours after the start, and close all days."""
    async with access.system() as connection:
        ids = await ids_of(connection, [(place.company_id, TOTAL)], {})
        (registers,) = ids.values()
        reads = [make_read(place, registers, START + hours * HOUR, wh) for hours, wh in indexes]
        await readings.store(connection, reads, now=NOW)
    await ledger.close_days(now=LATER)


async def sums(place: Place) -> dict[tuple[str, str | None], Decimal]:
    """Return what the company's own sides have, but for those with nothing."""
    async with access.system() as connection:
        rows = await connection.fetch(
            "select l.kind, l.code, sum(e.amount) as amount from ledger_account l"
            " join entry e on e.company_id = l.company_id and e.ledger_account_id = l.id"
            " where l.company_id = $1 and l.account_id is null group by 1, 2",
            place.company_id,
        )
    return {(row["kind"], row["code"]): row["amount"] for row in rows if row["amount"]}


async def paid(place: Place, amount: str) -> JournalId:
    return await ledger.credit_cash(
        company_id=place.company_id,
        account_id=account_of(place),
        amount=Decimal(amount),
        idempotency_key=f"cash {amount}",
        occurred_at=NOW,
    )

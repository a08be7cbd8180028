"""Invoices of accounts whose energy goes on to others: what those pay for is a line of its own."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from db.enums import BillingMode, InvoiceLineKind, LineUnit
from db.ids import TariffId
from domain.invoices.stored import StoredInvoice
from tests.db.invoice_components.priced import PLAIN, charged, gross, issued
from tests.db.invoicing import (
    ENDS_AT,
    OPENED_AT,
    STARTS_AT,
    add_postpaid,
    make_postpaid,
    measure,
)
from tests.db.submetered import tariff_of
from tests.factories import Place, Supply, add_supply, make_place, make_register_set, open_account

DEDUCTION = InvoiceLineKind.DEDUCTION


@pytest.fixture
async def place(room: None) -> Place:
    """Make a place whose one account pays for the mall."""
    return await make_postpaid()


async def add_shop(place: Place, *, multiplier: Decimal = Decimal(1)) -> Supply:
    """Add a shop below the mall, whose account pays for its own energy."""
    return await add_postpaid(place, multiplier=multiplier, parent_id=place.supplies[0].point_id)


async def both_used(place: Place, registers: int, shop: Supply) -> None:
    """Let 200 kWh come to the mall, and 50 of them go on to the shop's register."""
    ends = {STARTS_AT: 10_000, ENDS_AT: 60_000}
    await measure(place, registers, ends, shop)
    await measure(place, registers, {STARTS_AT: 20_000, ENDS_AT: 220_000}, place.supplies[0])


def deductions(invoice: StoredInvoice) -> list[tuple[str | None, Decimal, Decimal]]:
    return [
        (line.priced.component, line.priced.quantity, line.amount)
        for line in invoice.lines
        if line.kind is DEDUCTION and line.priced is not None
    ]


async def test_what_a_shop_pays_for_is_a_negative_line_of_the_mall(
    place: Place, registers: int
) -> None:
    shop = await add_shop(place)
    await both_used(place, registers, shop)

    invoice = await issued(place)

    own, deducted = invoice.lines
    assert own.amount == Decimal("469.135780")
    assert deducted.kind is DEDUCTION
    assert deducted.amount == Decimal("-117.283945")
    assert deducted.metered is not None
    assert deducted.metered.first is not None
    assert deducted.priced is not None
    assert deducted.metered.serial == shop.serial
    assert (deducted.metered.first.index_wh, deducted.metered.last.index_wh) == (10_000, 60_000)
    assert (deducted.priced.quantity, deducted.priced.unit) == (Decimal(-50), LineUnit.KWH)
    assert gross(invoice) == await charged(place)


async def test_the_shop_itself_pays_for_it_without_any_deduction(
    place: Place, registers: int
) -> None:
    shop = await add_shop(place)
    await both_used(place, registers, shop)

    invoice = await issued(place, number=1)

    (line,) = invoice.lines
    assert (line.kind, line.amount) == (InvoiceLineKind.ENERGY, Decimal("117.283945"))
    assert gross(invoice) == await charged(place, 1)


async def test_the_shops_own_multiplier_counts(place: Place, registers: int) -> None:
    shop = await add_shop(place, multiplier=Decimal("1.5"))
    await both_used(place, registers, shop)

    invoice = await issued(place)

    assert deductions(invoice) == [(None, Decimal(-75), Decimal("-175.925917"))]
    assert gross(invoice) == await charged(place)


async def test_components_are_deducted_with_their_taxes_but_no_fixed_charge(room: None) -> None:
    place = await make_place(meters=0, opened_at=OPENED_AT)
    mall = await add_supply(place, opened_at=OPENED_AT, with_account=False)
    account_id = await open_account(
        replace(place, tariff_id=await components(place)),
        {mall.point_id: 0},
        mall.premises_id,
        opened_at=OPENED_AT,
        billing_mode=BillingMode.POSTPAID,
    )
    place.supplies[0] = replace(mall, account_id=account_id)
    shop = await add_shop(place)
    await both_used(place, await make_register_set(place.company_id), shop)

    invoice = await issued(place)

    assert deductions(invoice) == [
        ("Energy", Decimal(-50), Decimal("-117.283956")),
        ("Grid", Decimal(-50), Decimal(-25)),
    ]
    own = [line.amount for line in invoice.lines if line.kind is not DEDUCTION]
    assert own == [Decimal("469.135772"), Decimal(100), Decimal(35)]
    assert [(tax.name, tax.base, tax.amount) for tax in invoice.taxes] == [
        ("BTV", Decimal("351.851816"), Decimal("17.592588")),
        ("VAT", Decimal("479.444404"), Decimal("95.888896")),
    ]
    assert gross(invoice) == await charged(place)


async def components(place: Place) -> TariffId:
    return await tariff_of(place, PLAIN, valid_from=OPENED_AT - timedelta(hours=1))


async def test_a_submeter_that_nobody_pays_for_deducts_nothing(
    place: Place, registers: int
) -> None:
    annex = await add_supply(
        place,
        opened_at=OPENED_AT,
        with_account=False,
        premises_id=place.supplies[0].premises_id,
        parent_id=place.supplies[0].point_id,
    )
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT: 7_000}, annex)
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT: 100_000}, place.supplies[0])

    invoice = await issued(place)

    assert deductions(invoice) == []
    assert gross(invoice) == await charged(place)

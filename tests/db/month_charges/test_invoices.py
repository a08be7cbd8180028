"""Invoices of a month wait for what is due at its end, and show it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from db import access
from db.enums import BillingMode, InvoiceLineKind, LineUnit
from domain.invoices import month_end
from domain.invoices.monthly import MonthNotOver
from domain.invoices.rules import Index, Metered
from domain.ledger.queries import balance_of, verify
from tests.db.invoicing import ISSUED_AT
from tests.db.month_charges.world import (
    ENDS_AT,
    FEBRUARY,
    LATER,
    MARCH,
    MARCH_ENDS_AT,
    STARTS_AT,
    add_factory,
    invoice,
    make_monthly,
    read,
    value,
    work,
)
from tests.factories import Place, account_of

USED = {
    STARTS_AT: (0, 0, 0, 40_000),
    STARTS_AT + timedelta(days=3): (100_000, 10_000, 0, 12_500),
    ENDS_AT - timedelta(hours=2): (900_000, 240_000, 100_000, 12_500),
}
AT_END = {ENDS_AT: (1_000_000, 250_000, 100_000, 12_500)}


@pytest.fixture
async def place(room: None) -> Place:
    return await make_monthly(billing_mode=BillingMode.POSTPAID)


async def test_an_invoice_shows_what_the_month_was_charged_as_a_whole(place: Place) -> None:
    await read(place, USED | AT_END)
    await work()

    made = await invoice(place)

    energy, demand, reactive = made.lines
    assert energy.kind is InvoiceLineKind.ENERGY
    assert (demand.kind, demand.amount, demand.energy_month) == (
        InvoiceLineKind.DEMAND,
        Decimal(125),
        FEBRUARY,
    )
    assert demand.priced is not None
    assert (demand.priced.component, demand.priced.quantity, demand.priced.unit) == (
        "Demand",
        Decimal("12.5"),
        LineUnit.KW,
    )
    assert reactive.priced is not None
    assert (reactive.kind, reactive.priced.quantity, reactive.priced.unit) == (
        InvoiceLineKind.REACTIVE,
        Decimal(250),
        LineUnit.KVARH,
    )
    assert [[(tax.base, tax.amount) for tax in line.taxes] for line in made.lines] == [
        [(Decimal(1000), Decimal(200))],
        [(Decimal(125), Decimal(25))],
        [(Decimal(125), Decimal(25))],
    ]
    (vat,) = made.taxes
    assert (vat.name, vat.rate, vat.base, vat.amount) == (
        "VAT",
        Decimal("0.2"),
        Decimal(1250),
        Decimal(250),
    )
    assert made.totals.total == Decimal(1500)
    balance = await balance_of(company_id=place.company_id, account_id=account_of(place))
    assert balance == -made.totals.total
    assert await verify() == []


async def test_a_line_of_reactive_energy_tells_between_which_indexes_it_was_counted(
    place: Place,
) -> None:
    await read(place, USED | AT_END)
    await work()

    *_, reactive = (await invoice(place)).lines

    supply = place.supplies[0]
    assert reactive.metered == Metered(
        meter_id=supply.meter_id,
        serial=supply.serial,
        multiplier=Decimal(1),
        first=Index(STARTS_AT, 0),
        last=Index(ENDS_AT, 250_000),
    )


async def test_reactive_energy_is_told_by_the_register_and_the_transformers_it_is_charged_by(
    room: None,
) -> None:
    place = await make_monthly(accounts=0)
    supply = await add_factory(place, billing_mode=BillingMode.POSTPAID, multiplier=Decimal(40))
    await read(
        place, {STARTS_AT: (0, 0, 1_000, 0), ENDS_AT: (1_000_000, 150_000, 301_000, 0)}, supply
    )
    await work()

    *_, reactive = (await invoice(place)).lines

    assert reactive.priced is not None
    assert reactive.priced.quantity == 12_000
    assert reactive.metered == Metered(
        meter_id=supply.meter_id,
        serial=supply.serial,
        multiplier=Decimal(40),
        first=Index(STARTS_AT, 1_000),
        last=Index(ENDS_AT, 301_000),
    )


async def test_reactive_energy_is_told_by_the_register_that_is_over_its_limit(place: Place) -> None:
    # 18 % of each: capacitive is charged.
    await read(place, {STARTS_AT: (0, 0, 50_000, 0), ENDS_AT: (1_000_000, 180_000, 230_000, 0)})
    await work()

    *_, reactive = (await invoice(place)).lines

    assert reactive.metered is not None
    assert reactive.metered.first is not None
    assert (reactive.metered.first.index_wh, reactive.metered.last.index_wh) == (50_000, 230_000)


async def test_reactive_energy_behind_odd_transformers_is_told(room: None) -> None:
    place = await make_monthly(accounts=0)
    odd = Decimal("1.5")
    supply = await add_factory(place, billing_mode=BillingMode.POSTPAID, multiplier=odd)
    await read(place, {STARTS_AT: (0, 0, 0, 0), ENDS_AT: (1_000_000, 300_001, 0, 0)}, supply)
    await work()

    *_, reactive = (await invoice(place)).lines

    assert reactive.priced is not None
    assert reactive.priced.quantity == Decimal("450.001")
    assert reactive.metered is not None
    assert (reactive.metered.last.index_wh, reactive.metered.energy_wh) == (
        300_001,
        Decimal("450001.5"),
    )


async def test_no_invoice_is_made_before_the_month_is_charged(place: Place) -> None:
    await read(place, USED | AT_END)

    with pytest.raises(MonthNotOver):
        await invoice(place)
    assert await month_end.work(now=ISSUED_AT) == 0
    assert await value("select count(*) from invoice") == 0

    await work()
    assert await month_end.work(now=ISSUED_AT) == 1


async def test_a_month_from_before_such_prices_is_invoiced(place: Place) -> None:
    await read(place, USED | AT_END)
    async with access.system() as connection:
        await connection.execute(
            "insert into month_run (company_id, month, from_at, until_at, begun_at, due_at,"
            " ended_at) values ($1, $2, $3, $4, $4, $4, $4)",
            place.company_id,
            MARCH.first,
            ENDS_AT,
            MARCH_ENDS_AT,
        )

    made = await invoice(place)

    assert [line.kind for line in made.lines] == [InvoiceLineKind.ENERGY]


async def test_what_came_late_is_settled_with_the_next_invoice(place: Place) -> None:
    await read(place, USED)
    await work()
    first = await invoice(place)
    # What the meter showed at the month's end comes days later.
    await read(place, AT_END | {MARCH_ENDS_AT: (2_000_000, 250_000, 100_000, 20_000)})
    await work(LATER)

    second = await invoice(place, MARCH)

    assert first.totals.lines == 900 + 125 + 120
    energy, demand, *late = second.lines
    assert (energy.kind, demand.kind) == (InvoiceLineKind.ENERGY, InvoiceLineKind.DEMAND)
    assert {(line.kind, line.energy_month) for line in late} == {
        (InvoiceLineKind.SETTLEMENT, FEBRUARY)
    }
    assert [
        (line.priced.quantity, line.priced.unit, line.amount) for line in late if line.priced
    ] == [
        (Decimal(100), LineUnit.KWH, Decimal(100)),
        (Decimal(10), LineUnit.KVARH, Decimal(5)),
    ]
    shown = [line.metered and line.metered.last for line in late]
    assert shown == [Index(ENDS_AT, 1_000_000), Index(ENDS_AT, 250_000)]
    taxes = [(tax.name, tax.amount) for line in late for tax in line.taxes]
    assert taxes == [("VAT", Decimal(20)), ("VAT", Decimal(1))]
    assert await verify() == []

"""Invoices where a meter counts hours and exports itself, and where several accounts share it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from db import access
from db.enums import BillingBasis, ComponentKind, EnergyDirection, InvoiceLineKind
from domain.ledger import operations as ledger
from domain.readings import operations as readings
from domain.tariffs import assignments
from domain.tariffs.assignments import Whom
from domain.tariffs.components import Component, Flat, Version
from domain.tariffs.presets import TR_TAXES, tr_time_of_use
from tests.db.invoice_components.priced import PLAIN, change_to, charged, gross, issued, told
from tests.db.invoicing import (
    ENDS_AT,
    ISSUED_AT,
    OPENED_AT,
    STARTS_AT,
    make_postpaid,
    measure,
)
from tests.db.shared_supplies.sharing import add_tenant, share
from tests.db.submetered import tariff_of
from tests.factories import Place, account_of, make_read, make_register_set

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
REGISTERS = ("1.8.0", "1.8.1", "1.8.2", "1.8.3", "2.8.0")
AFTER = {STARTS_AT: 10_000, ENDS_AT: 110_000}
BANDED = Version(
    components=(
        Component(
            name="Energy",
            kind=ComponentKind.ENERGY,
            shape=tr_time_of_use(Decimal("2.5"), Decimal("3.75"), Decimal("1.333333333")),
        ),
        Component(
            name="Sold",
            kind=ComponentKind.ENERGY,
            shape=Flat(Decimal("0.9")),
            direction=EnergyDirection.EXPORT,
            register="2.8.0",
        ),
    ),
    taxes=TR_TAXES,
)


@pytest.fixture
async def place(room: None) -> Place:
    return await make_postpaid()


async def banded(place: Place, version: Version = BANDED) -> None:
    """Charge the place's account by the registers of the bands."""
    tariff_id = await tariff_of(place, version, valid_from=OPENED_AT - HOUR)
    await assignments.assign(
        company_id=place.company_id,
        tariff_id=tariff_id,
        whom=Whom(account_ids=(account_of(place),)),
        starts_at=OPENED_AT + HOUR,
        basis=BillingBasis.TOU_REGISTERS,
        now=OPENED_AT,
    )


async def test_bands_are_told_by_their_registers_and_exports_by_theirs(place: Place) -> None:
    await banded(place)
    registers = await make_register_set(place.company_id, REGISTERS)
    async with access.system() as connection:
        reads = [
            make_read(place, registers, at, values[0], values=values)
            for at, values in (
                (STARTS_AT - DAY, [1_000, 500, 300, 200, 0]),
                (STARTS_AT, [10_000, 5_000, 3_000, 2_000, 100]),
                (STARTS_AT + 9 * DAY, [40_000, 20_000, 10_000, 10_000, 2_100]),
                (ENDS_AT, [110_000, 65_000, 23_000, 22_000, 7_100]),
            )
        ]
        await readings.store(connection, reads, now=ENDS_AT)
    await ledger.close_days(now=ISSUED_AT)

    invoice = await issued(place)

    assert [told(line)[:3] for line in invoice.lines] == [
        ("Energy", "T1", Decimal(60)),
        ("Energy", "T2", Decimal(20)),
        ("Energy", "T3", Decimal(20)),
        ("Sold", "", Decimal(7)),
    ]
    assert invoice.lines[-1].amount == Decimal("-6.3")
    shown = [line.metered for line in invoice.lines if line.metered is not None]
    assert [(one.first.index_wh, one.last.index_wh) for one in shown if one.first] == [
        (5_000, 65_000),
        (3_000, 23_000),
        (2_000, 22_000),
        (100, 7_100),
    ]
    assert not any(line.is_estimated for line in invoice.lines)
    assert gross(invoice) == await charged(place)


async def test_bands_whose_registers_were_not_shown_are_told_by_the_total(place: Place) -> None:
    await banded(place)
    registers = await make_register_set(place.company_id, REGISTERS)
    alone = await make_register_set(place.company_id)
    async with access.system() as connection:
        before = make_read(
            place, registers, STARTS_AT - DAY, 1_000, values=[1_000, 500, 300, 200, 0]
        )
        later = [make_read(place, alone, at, wh) for at, wh in AFTER.items()]
        await readings.store(connection, [before, *later], now=ENDS_AT)
    await ledger.close_days(now=ISSUED_AT)

    invoice = await issued(place)

    shown = [line.metered for line in invoice.lines if line.metered is not None]
    assert {(one.first.index_wh, one.last.index_wh) for one in shown if one.first} == {
        (10_000, 110_000)
    }
    assert gross(invoice) == await charged(place)


async def test_who_shares_a_supply_is_told_the_own_part_of_bands(place: Place) -> None:
    hours = Version(components=BANDED.components[:1])
    await banded(place, hours)
    other = await add_tenant(place, "OTHER", opened_at=OPENED_AT)
    shares = {account_of(place): 250_000, other: 750_000}
    await share(place, place.supplies[0], shares, since=STARTS_AT, index_wh=10_000)
    registers = await make_register_set(place.company_id, REGISTERS[:4])
    async with access.system() as connection:
        reads = [
            make_read(place, registers, at, values[0], values=values)
            for at, values in (
                (STARTS_AT, [10_000, 5_000, 3_000, 2_000]),
                (ENDS_AT, [110_000, 65_000, 23_000, 22_000]),
            )
        ]
        await readings.store(connection, reads, now=ENDS_AT)
    await ledger.close_days(now=ISSUED_AT)

    invoice = await issued(place)

    first = invoice.lines[0]
    assert told(first)[:3] == ("Energy", "T1", Decimal(15))
    assert first.metered is not None
    assert first.metered.first is not None
    assert (first.metered.first.index_wh, first.metered.last.index_wh) == (5_000, 65_000)
    assert first.metered.shared_wh == 15_000
    assert gross(invoice) == await charged(place)


async def test_who_shares_a_supply_pays_the_own_part_of_each_component(place: Place) -> None:
    await change_to(place, PLAIN)
    other = await add_tenant(place, "OTHER", opened_at=OPENED_AT)
    shares = {account_of(place): 333_333, other: 666_667}
    await share(place, place.supplies[0], shares, since=STARTS_AT, index_wh=1_000)
    registers = await make_register_set(place.company_id)
    await measure(place, registers, {STARTS_AT: 1_000, ENDS_AT: 101_000})

    invoice = await issued(place)

    energy, grid, standing = invoice.lines
    assert told(energy)[2] == told(grid)[2] == Decimal("33.333")
    assert told(standing)[2] == Decimal(28)
    assert energy.metered is not None
    assert energy.metered.first is not None
    assert (energy.metered.first.index_wh, energy.metered.last.index_wh) == (1_000, 101_000)
    assert energy.metered.shared_wh == 33_333
    assert [line for line in invoice.lines if line.kind is InvoiceLineKind.SETTLEMENT] == []
    assert gross(invoice) == await charged(place)

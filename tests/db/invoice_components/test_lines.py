"""Invoices tell components and taxes, each by itself."""

from decimal import Decimal

from db.enums import InvoiceLineKind, LineUnit
from domain.invoices.rules import TaxLine
from domain.ledger.queries import verify
from domain.tariffs import operations as tariffs
from domain.tariffs.components import Component, Flat, Version
from domain.tariffs.presets import TR_TAXES
from tests.db.invoice_components.priced import (
    DAY,
    ENERGY,
    EVERYTHING,
    HOUR,
    PLAIN,
    STANDING,
    change_to,
    charged,
    gross,
    issued,
    told,
)
from tests.db.invoicing import (
    ENDS_AT,
    OPENED_AT,
    STARTS_AT,
    make_postpaid,
    measure,
)
from tests.factories import Place, make_register_set


async def test_each_component_has_a_line_and_each_tax_its_base_and_rate(
    place: Place, registers: int
) -> None:
    await change_to(place, PLAIN)
    await measure(
        place, registers, {STARTS_AT: 1_000, STARTS_AT + 10 * DAY: 50_000, ENDS_AT: 101_000}
    )

    invoice = await issued(place)

    assert [told(line) for line in invoice.lines] == [
        ("Energy", "", Decimal(100), LineUnit.KWH, Decimal("234.567890")),
        ("Grid", "", Decimal(100), LineUnit.KWH, Decimal(50)),
        ("Standing", "", Decimal(28), LineUnit.DAY, Decimal(35)),
    ]
    assert [line.kind for line in invoice.lines] == [
        InvoiceLineKind.ENERGY,
        InvoiceLineKind.ENERGY,
        InvoiceLineKind.FIXED,
    ]
    # Each day is rounded by itself, as it was charged.
    assert invoice.taxes == [
        TaxLine("BTV", Decimal("0.05"), Decimal("234.567890"), Decimal("11.728388")),
        TaxLine("VAT", Decimal("0.20"), Decimal("331.296278"), Decimal("66.259262")),
    ]
    assert gross(invoice) == await charged(place)
    assert await verify() == []


async def test_lines_tell_meter_multiplier_and_indexes_at_the_months_edges(room: None) -> None:
    place = await make_postpaid(multiplier=Decimal("40.5"))
    await change_to(place, PLAIN)
    registers = await make_register_set(place.company_id)
    around = {STARTS_AT - HOUR: 900, STARTS_AT + HOUR: 1_100, ENDS_AT: 2_000}
    await measure(place, registers, around)

    invoice = await issued(place)

    energy, grid, standing = invoice.lines
    for line in invoice.lines:
        assert line.metered is not None
        assert line.metered.first is not None
        assert (line.metered.serial, line.metered.multiplier) == (
            place.supplies[0].serial,
            Decimal("40.5"),
        )
        assert (line.metered.first.at, line.metered.first.index_wh) == (STARTS_AT, 1_000)
        assert (line.metered.last.at, line.metered.last.index_wh) == (ENDS_AT, 2_000)
    assert energy.priced is not None
    assert energy.priced.quantity == Decimal("40.5")
    # Nobody read it at the month's beginning.
    assert (energy.is_estimated, grid.is_estimated, standing.is_estimated) == (True, True, False)
    assert gross(invoice) == await charged(place)


async def test_hours_and_slabs_have_a_line_each(place: Place, registers: int) -> None:
    await change_to(place, EVERYTHING)
    # By the hour, 100 Wh each: eleven hours of T1, five of T2 and eight of T3 a day.
    reads = {STARTS_AT + n * HOUR: 100 * n for n in range(28 * 24 + 1)}
    await measure(place, registers, reads)

    invoice = await issued(place)

    by_rate = {(told(line)[0], told(line)[1]): told(line)[2] for line in invoice.lines}
    assert by_rate == {
        ("Energy", "T1"): Decimal("30.8"),
        ("Energy", "T2"): Decimal(14),
        ("Energy", "T3"): Decimal("22.4"),
        ("Steps", "1"): Decimal(50),
        ("Steps", "2"): Decimal("17.2"),
        ("Grid", ""): Decimal("67.2"),
        ("Standing", ""): Decimal(28),
    }
    assert not any(line.is_estimated for line in invoice.lines)
    assert gross(invoice) == await charged(place)
    assert [line for line in invoice.lines if line.kind is InvoiceLineKind.SETTLEMENT] == []


async def test_hours_that_were_split_are_estimates(place: Place, registers: int) -> None:
    await change_to(place, EVERYTHING)
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT: 100_000})

    invoice = await issued(place)

    estimated = {told(line)[0] for line in invoice.lines if line.is_estimated}
    assert estimated == {"Energy"}
    assert gross(invoice) == await charged(place)


async def test_a_change_of_prices_tells_both_and_their_taxes_apart(
    place: Place, registers: int
) -> None:
    change = STARTS_AT + 14 * DAY
    dearer = Version(
        components=(Component(name="Energy", kind=ENERGY.kind, shape=Flat(Decimal(3))), STANDING),
        taxes=(TR_TAXES[0],),
    )
    await change_to(place, PLAIN)
    await change_to(place, dearer, change)
    await tariffs.set_price(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        price_per_kwh=Decimal(4),
        valid_from=change + 7 * DAY,
        now=OPENED_AT,
    )
    await measure(
        place,
        registers,
        {STARTS_AT: 0, change: 40_000, change + 7 * DAY: 60_000, ENDS_AT: 100_000},
    )

    invoice = await issued(place)

    assert [told(line)[::4] for line in invoice.lines] == [
        ("Energy", Decimal("93.827160")),
        ("Grid", Decimal(20)),
        ("Standing", Decimal("17.5")),
        ("Energy", Decimal(60)),
        ("Standing", Decimal("8.75")),
        (None, Decimal(160)),
    ]
    assert [(tax.name, tax.base) for tax in invoice.taxes] == [
        ("BTV", Decimal("153.827160")),
        ("VAT", Decimal("136.018516")),
    ]
    assert gross(invoice) == await charged(place)

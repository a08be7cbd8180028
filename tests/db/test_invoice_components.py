"""Invoices of tariffs with components: each is told with its taxes, and the books are met."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.enums import ComponentKind, InvoiceLineKind, LineUnit, SlabPeriod
from db.settings import Urls
from domain.invoices import credit_notes, monthly
from domain.invoices.rules import InvoiceLine, TaxLine
from domain.invoices.stored import StoredInvoice
from domain.ledger.queries import verify
from domain.tariffs import operations as tariffs
from domain.tariffs import proposals
from domain.tariffs.components import Component, Flat, PerDay, Slab, Slabs, Version
from domain.tariffs.presets import TR_TAXES, tr_time_of_use
from tests.db.invoicing import (
    ENDS_AT,
    FEBRUARY,
    ISSUED_AT,
    MARCH,
    OPENED_AT,
    STARTS_AT,
    account_of,
    invoice_of,
    make_partitions,
    make_postpaid,
    measure,
    query,
)
from tests.factories import Place, make_register_set

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


@pytest.fixture
async def months(connected: None, database: Urls) -> None:
    await make_partitions(database.owner)


@pytest.fixture
async def place(months: None) -> Place:
    return await make_postpaid()


@pytest.fixture
async def registers(place: Place) -> int:
    return await make_register_set(place.company_id)


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


async def test_lines_tell_meter_multiplier_and_indexes_at_the_months_edges(months: None) -> None:
    place = await make_postpaid(multiplier=Decimal("40.5"))
    await change_to(place, PLAIN)
    registers = await make_register_set(place.company_id)
    around = {STARTS_AT - HOUR: 900, STARTS_AT + HOUR: 1_100, ENDS_AT: 2_000}
    await measure(place, registers, around)

    invoice = await issued(place)

    energy, grid, standing = invoice.lines
    for line in invoice.lines:
        assert line.metered is not None
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


async def test_what_comes_late_is_settled_by_itself_with_its_taxes_in_it(
    place: Place, registers: int
) -> None:
    await change_to(place, PLAIN)
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT - 3 * DAY: 90_000})
    first = await issued(place)
    later = ENDS_AT + 33 * DAY
    await measure(
        place, registers, {ENDS_AT: 100_000, ENDS_AT + 20 * DAY: 150_000}, closed_at=later
    )

    second = await issued(place, now=later)

    (settlement,) = [one for one in second.lines if one.kind is InvoiceLineKind.SETTLEMENT]
    assert settlement.energy_month == FEBRUARY
    assert gross(first) + settlement.amount == await charged(place)


async def test_a_meter_that_was_read_before_and_after_alone_is_estimated_between(
    place: Place, registers: int
) -> None:
    await change_to(place, PLAIN)
    at = STARTS_AT - 2 * DAY
    await measure(place, registers, {at: 1_000, ENDS_AT + DAY: 32_000})

    invoice = await issued(place)

    energy = invoice.lines[0]
    assert energy.metered is not None
    assert (energy.metered.first.index_wh, energy.metered.last.index_wh) == (3_000, 31_000)
    assert energy.is_estimated
    assert gross(invoice) == await charged(place)


@st.composite
def reads(draw: st.DrawFn) -> Mapping[datetime, int]:
    steps = draw(st.lists(st.tuples(st.integers(30, 9_000), st.integers(0, 60_000)), min_size=6))
    at, index_wh, found = OPENED_AT, 0, {}
    for minutes, energy_wh in steps:
        at += timedelta(minutes=minutes)
        index_wh += energy_wh
        found[at] = index_wh
    return {at: index_wh for at, index_wh in found.items() if at < ISSUED_AT}


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(taken=reads(), minutes=st.sets(st.integers(10, 43_000), max_size=2))
async def test_lines_and_taxes_are_what_the_books_charged_whatever_was_read(
    months: None, taken: Mapping[datetime, int], minutes: set[int]
) -> None:
    place = await make_postpaid()
    changes = [OPENED_AT, *(OPENED_AT + timedelta(minutes=one) for one in sorted(minutes))]
    for version, at in zip((EVERYTHING, PLAIN, EVERYTHING), changes, strict=False):
        await change_to(place, version, at)
    if taken:
        await measure(place, await make_register_set(place.company_id), taken)

    try:
        invoice = await issued(place)
    except monthly.NothingToInvoice:
        assert await charged(place) == 0
        return

    assert gross(invoice) == await charged(place)
    assert [line for line in invoice.lines if line.kind is InvoiceLineKind.SETTLEMENT] == []


async def test_a_credit_note_takes_lines_and_taxes_back_in_full(
    place: Place, registers: int
) -> None:
    await change_to(place, PLAIN)
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT: 100_000})
    invoice = await issued(place)

    note_id = await credit_notes.credit(
        company_id=place.company_id,
        invoice_id=invoice.id,
        reason="wrong meter",
        idempotency_key="one",
        now=ISSUED_AT,
    )

    note = await invoice_of(place.company_id, note_id)
    assert [line.amount for line in note.lines] == [line.amount for line in invoice.lines]
    assert note.taxes == invoice.taxes
    assert note.totals == invoice.totals
    assert await verify() == []

"""Lines and taxes sum to what the books charged, whatever was read when."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import access
from db.enums import InvoiceLineKind, LineUnit
from domain.invoices import credit_notes, monthly
from domain.invoices.rules import InvoiceLine, TaxLine
from domain.invoices.stored import StoredInvoice
from domain.ledger.queries import verify
from domain.tariffs.components import Version
from tests.db.invoice_components.priced import (
    DAY,
    EVERYTHING,
    HOUR,
    PLAIN,
    RATES,
    change_to,
    charged,
    gross,
    issued,
    told,
)
from tests.db.invoicing import (
    ENDS_AT,
    FEBRUARY,
    ISSUED_AT,
    MARCH,
    OPENED_AT,
    STARTS_AT,
    invoice_of,
    make_postpaid,
    measure,
    query,
)
from tests.factories import Place, account_of, make_register_set

ISTANBUL = ZoneInfo("Europe/Istanbul")


def settled(invoice: StoredInvoice) -> list[InvoiceLine]:
    return [line for line in invoice.lines if line.kind is InvoiceLineKind.SETTLEMENT]


def gross_of(lines: list[InvoiceLine]) -> Decimal:
    taxes = (tax.amount for line in lines for tax in line.taxes)
    return sum((line.amount for line in lines), Decimal(0)) + sum(taxes)


async def test_what_comes_late_is_settled_by_component_with_its_taxes_apart(
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

    lines = settled(second)
    assert {line.energy_month for line in lines} == {FEBRUARY}
    # 10 kWh came late, with the grid, and three days.
    assert [told(line) for line in lines] == [
        ("Energy", "", Decimal(10), LineUnit.KWH, Decimal("23.456789")),
        ("Grid", "", Decimal(10), LineUnit.KWH, Decimal(5)),
        ("Standing", "", Decimal(3), LineUnit.DAY, Decimal("3.75")),
    ]
    assert [line.is_estimated for line in (*first.lines, *lines)] == [True, True, *[False] * 4]
    metered = lines[0].metered
    assert metered is not None
    assert metered.first is not None
    assert (metered.serial, metered.multiplier) == (place.supplies[0].serial, Decimal(1))
    assert (metered.first.index_wh, metered.last.index_wh) == (0, 100_000)
    assert [(tax.name, tax.rate) for tax in lines[0].taxes] == [
        (tax.name, tax.rate) for tax in first.taxes
    ]
    assert gross(first) + gross_of(lines) == await charged(place)


async def test_what_was_too_much_is_given_back_by_rate(place: Place, registers: int) -> None:
    """All at an even rate at first; then a reading tells that nothing flowed until five o'clock."""
    await change_to(place, Version(components=(RATES,)))
    await measure(place, registers, {STARTS_AT: 0, STARTS_AT + DAY: 24_000, ENDS_AT: 24_000})
    first = await issued(place)
    later = ENDS_AT + 33 * DAY
    late = {STARTS_AT + 17 * HOUR: 0, ENDS_AT + 20 * DAY: 24_000}
    await measure(place, registers, late, closed_at=later)

    second = await issued(place, now=later)

    assert [told(line)[1:3] for line in first.lines] == [
        ("T1", Decimal(11)),
        ("T2", Decimal(5)),
        ("T3", Decimal(8)),
    ]
    lines = settled(second)
    # Of seven hours until midnight five are of T2, and two of T3.
    assert [(*told(line)[1:3], line.is_estimated) for line in lines] == [
        ("T2", Decimal("12.142"), True),
        ("T3", Decimal("-1.142"), True),
        ("T1", Decimal(-11), False),
    ]
    assert gross(first) + sum(line.amount for line in lines) == await charged(place)


async def test_what_no_price_explains_is_settled_with_one_line(
    place: Place, registers: int
) -> None:
    await change_to(place, PLAIN)
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT - 3 * DAY: 90_000})
    first = await issued(place)
    later = ENDS_AT + 33 * DAY
    await measure(place, registers, {ENDS_AT + 20 * DAY: 150_000}, closed_at=later)
    async with access.system() as connection:
        await connection.execute(
            "update accrual set charged_micro = charged_micro + 7, posted_micro = posted_micro + 7"
            " where local_date = $1",
            FEBRUARY.first,
        )

    second = await issued(place, now=later)

    (line,) = settled(second)
    assert (line.metered, line.priced) == (None, None)
    assert gross(first) + gross_of([line]) == await charged(place)


async def test_what_is_settled_is_settled_once(place: Place, registers: int) -> None:
    await change_to(place, PLAIN)
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT - 3 * DAY: 90_000})
    await issued(place)
    later = ENDS_AT + 33 * DAY
    reads = {ENDS_AT: 100_000, MARCH.ends_at(ISTANBUL): 150_000}
    await measure(place, registers, reads, closed_at=later)
    second = await issued(place, now=later)

    with pytest.raises(monthly.NothingToInvoice):
        await monthly.issue(
            company_id=place.company_id,
            account_id=account_of(place),
            month=MARCH.moved(1),
            now=later + 30 * DAY,
        )

    assert len(settled(second)) == 3
    assert await query("select max(id) from invoice") == second.id


async def test_a_meter_that_was_read_before_and_after_alone_is_estimated_between(
    place: Place, registers: int
) -> None:
    await change_to(place, PLAIN)
    at = STARTS_AT - 2 * DAY
    await measure(place, registers, {at: 1_000, ENDS_AT + DAY: 32_000})

    invoice = await issued(place)

    energy = invoice.lines[0]
    assert energy.metered is not None
    assert energy.metered.first is not None
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
    room: None, taken: Mapping[datetime, int], minutes: set[int]
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


async def test_a_credit_note_of_a_line_takes_the_taxes_of_that_line(
    place: Place, registers: int
) -> None:
    await change_to(place, PLAIN)
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT: 100_000})
    invoice = await issued(place)
    number, standing = next(
        (number, line)
        for number, line in enumerate(invoice.lines, start=1)
        if line.kind is InvoiceLineKind.FIXED
    )

    note_ids = [
        await credit_notes.credit(
            company_id=place.company_id,
            invoice_id=invoice.id,
            amounts=amounts,
            reason="no such meter",
            idempotency_key=key,
            now=ISSUED_AT,
        )
        for key, amounts in (("one", {number: standing.amount}), ("rest", None))
    ]

    part, rest = [await invoice_of(place.company_id, one) for one in note_ids]
    # A fee bears no tax on energy.
    assert standing.amount == Decimal(35)
    assert part.taxes == [TaxLine("VAT", Decimal("0.2"), Decimal(35), Decimal(7))]
    assert part.totals.total + rest.totals.total == invoice.totals.total
    assert await verify() == []


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

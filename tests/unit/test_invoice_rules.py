"""What invoices come to, and how far they are."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from db.enums import InvoiceKind, InvoiceLineKind, InvoiceState
from domain.currencies import payable
from domain.invoices.rules import InvoiceLine, Month, TaxLine, part_of_lines, state
from domain.invoices.settlements import Charged, settlements
from domain.invoices.totals import totals

D = Decimal


def line(amount: str) -> InvoiceLine:
    return InvoiceLine(kind=InvoiceLineKind.CREDIT, amount=Decimal(amount))


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        pytest.param("1.005", "TRY", "1.01", id="half up"),
        pytest.param("-1.005", "TRY", "-1.01", id="half away from zero"),
        pytest.param("1.004999", "TRY", "1.00", id="down"),
        pytest.param("1.5", "JPY", "2", id="no minor units"),
        pytest.param("1.0005", "KWD", "1.001", id="three decimals"),
    ],
)
def test_payable_amounts_are_whole_minor_units(amount: str, currency: str, expected: str) -> None:
    assert str(payable(Decimal(amount), currency)) == expected


def test_rounding_stands_by_itself() -> None:
    tax = TaxLine("VAT", Decimal("0.2"), Decimal("10.004321"), Decimal("2.000864"))

    sums = totals([line("4.004321"), line("6.000000")], [tax], "TRY")

    assert (sums.lines, sums.tax) == (Decimal("10.004321"), Decimal("2.000864"))
    assert (sums.total, sums.rounding) == (Decimal("12.01"), Decimal("0.004815"))


@pytest.mark.parametrize(
    ("day", "zone", "starts_at", "ends_at"),
    [
        pytest.param(
            date(2026, 2, 14),
            "Europe/Istanbul",
            datetime(2026, 1, 31, 21, tzinfo=UTC),
            datetime(2026, 2, 28, 21, tzinfo=UTC),
            id="ahead of UTC",
        ),
        pytest.param(
            date(2026, 10, 31),
            "Europe/London",
            datetime(2026, 9, 30, 23, tzinfo=UTC),
            datetime(2026, 11, 1, tzinfo=UTC),
            id="with a day of 25 hours",
        ),
        pytest.param(
            date(2026, 12, 1),
            "UTC",
            datetime(2026, 12, 1, tzinfo=UTC),
            datetime(2027, 1, 1, tzinfo=UTC),
            id="at the year's end",
        ),
    ],
)
def test_a_month_is_local(day: date, zone: str, starts_at: datetime, ends_at: datetime) -> None:
    month = Month.of(day)

    assert month.starts_at(ZoneInfo(zone)) == starts_at
    assert month.ends_at(ZoneInfo(zone)) == ends_at


def test_a_month_moves_over_years() -> None:
    assert Month(date(2026, 2, 1)).moved(-4) == Month(date(2025, 10, 1))
    assert Month(date(2026, 11, 1)).moved(2) == Month(date(2027, 1, 1))


def test_settlements_make_up_for_what_was_invoiced() -> None:
    january, february, march = (Month(date(2026, n, 1)) for n in (1, 2, 3))
    posted = {january: Charged(D(5)), february: Charged(D("7.5")), march: Charged(D(1))}

    lines = settlements(posted, {january: Charged(D(5)), february: Charged(D(8))})

    assert [(one.energy_month, one.amount, one.taxes) for one in lines] == [
        (february, D("-0.5"), ()),
        (march, D(1), ()),
    ]


def test_what_of_a_settlement_is_taxes_stands_apart() -> None:
    month = Month(date(2026, 1, 1))
    posted = Charged(D("62.5"), {"BTV": D("2.5"), "VAT": D(10), "Old": D(0)})
    told = Charged(D("37.5"), {"BTV": D("1.5"), "VAT": D(6)}, {"BTV": {D("0.05")}})
    told.rates["VAT"] = {D("0.18"), D("0.2")}

    (line,) = settlements({month: posted}, {month: told})

    # Of several rates nobody can tell the base.
    assert (line.amount, line.taxes) == (
        D(20),
        (TaxLine("BTV", D("0.05"), D(20), D(1)), TaxLine("VAT", None, D(20), D(4))),
    )


def test_a_part_of_the_lines_takes_its_part_of_the_taxes() -> None:
    tax = TaxLine("VAT", Decimal("0.2"), Decimal(40), Decimal(8))

    part = part_of_lines([line("30"), line("10")], [tax], {2: Decimal(5)})

    assert [(one.of_line, one.amount) for one in part.lines] == [(2, Decimal(5))]
    assert [(one.base, one.amount) for one in part.taxes] == [(Decimal(5), Decimal(1))]


def test_a_part_of_a_line_takes_its_part_of_what_that_line_bears() -> None:
    btv, vat = (TaxLine("BTV", D("0.05"), D(30), D("1.5")), TaxLine("VAT", D("0.2"), D(30), D(6)))
    lines = [replace(line("30"), taxes=(btv, vat)), line("10")]
    taxes = [btv, replace(vat, base=D(40), amount=D(8))]

    parts = [part_of_lines(lines, taxes, wanted) for wanted in ({1: D(15)}, {2: D(5)})]

    assert parts[0].taxes == [
        TaxLine("BTV", D("0.05"), D(15), D("0.75")),
        TaxLine("VAT", D("0.2"), D(15), D(3)),
    ]
    # What no line is known to bear is the other's.
    assert parts[1].taxes == [TaxLine("VAT", D("0.2"), D(5), D(1))]


@pytest.mark.parametrize(
    ("paid", "credited", "day", "expected"),
    [
        pytest.param("0", "0", 10, InvoiceState.ISSUED, id="new"),
        pytest.param("0", "0", 12, InvoiceState.ISSUED, id="on the day it is due"),
        pytest.param("0", "0", 13, InvoiceState.OVERDUE, id="the day after"),
        pytest.param("4", "0", 10, InvoiceState.PARTLY_PAID, id="partly paid"),
        pytest.param("4", "0", 13, InvoiceState.OVERDUE, id="partly paid and late"),
        pytest.param("10", "0", 13, InvoiceState.PAID, id="paid"),
        pytest.param("4", "6", 13, InvoiceState.PAID, id="paid but for what was credited"),
        pytest.param("0", "10", 13, InvoiceState.CANCELLED, id="taken back"),
    ],
)
def test_how_far_an_invoice_is(paid: str, credited: str, day: int, expected: InvoiceState) -> None:
    found = state(
        kind=InvoiceKind.MONTHLY,
        total=Decimal(10),
        paid=Decimal(paid),
        credited=Decimal(credited),
        due_date=date(2026, 3, 12),
        today=date(2026, 3, day),
    )

    assert found is expected

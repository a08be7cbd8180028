"""Pictures of invoices of each kind, and of those that do not fit on a page."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

import pypdfium2
import pytest

from db.enums import InvoiceKind, InvoiceLanguage, InvoiceLineKind, LineUnit
from db.ids import InvoiceId, MeterId
from domain.invoices.picture import Page, Party, pdf
from domain.invoices.rules import Index, InvoiceLine, Metered, Priced
from domain.invoices.stored import StoredInvoice
from tests.unit.invoices import ENDS_AT, FEBRUARY, STARTS_AT, monthly

EN, TR = InvoiceLanguage.EN, InvoiceLanguage.TR
CREDIT = InvoiceLine(kind=InvoiceLineKind.CREDIT, amount=Decimal(105))
MONTHLY = monthly([CREDIT], [])
PURCHASE = replace(MONTHLY, kind=InvoiceKind.PURCHASE, month=None)
CREDIT_NOTE = replace(
    PURCHASE, kind=InvoiceKind.CREDIT_NOTE, refers_to=InvoiceId(1), reason="yanlış"
)
LONG = "Doğu Karadeniz İplik, Dokuma, Boya ve Konfeksiyon Sanayi ve Dış Ticaret Limited Şirketi"


def energy(component: str) -> InvoiceLine:
    return InvoiceLine(
        kind=InvoiceLineKind.ENERGY,
        amount=Decimal("430057.051191"),
        energy_month=FEBRUARY,
        metered=Metered(
            meter_id=MeterId(7),
            serial="AEL00012345678",
            multiplier=Decimal(40),
            first=Index(STARTS_AT, 123_456_789),
            last=Index(ENDS_AT, 128_040_292, is_estimated=True),
        ),
        priced=Priced(
            component=component,
            quantity=Decimal("183340.12"),
            unit=LineUnit.KWH,
            price=Decimal("2.345678901"),
        ),
        is_estimated=True,
    )


def pages(
    invoice: StoredInvoice,
    language: InvoiceLanguage,
    name: str = "Ayşe",
    address: Sequence[str] = (),
) -> Sequence[str]:
    """Return what each page says, by line."""
    page = Page(
        invoice=invoice,
        company=Party(name=name, lines=[]),
        customer=Party(name=name, lines=address),
        account_number="A1",
        premises="Dükkân 3",
        refers_to=None,
        zone=ZoneInfo("Europe/Istanbul"),
        language=language,
    )
    with pypdfium2.PdfDocument(pdf(page)) as opened:
        return [one.get_textpage().get_text_bounded().replace("\r", "") for one in opened]


@pytest.mark.parametrize(
    ("invoice", "language", "total"),
    [
        pytest.param(MONTHLY, EN, "To be paid", id="to be paid"),
        pytest.param(MONTHLY, TR, "Ödenecek tutar", id="to be paid, in Turkish"),
        pytest.param(PURCHASE, EN, "Paid", id="paid already"),
        pytest.param(PURCHASE, TR, "Ödenen tutar", id="paid already, in Turkish"),
        pytest.param(CREDIT_NOTE, EN, "Given back", id="given back"),
        pytest.param(CREDIT_NOTE, TR, "İade edilen tutar", id="given back, in Turkish"),
    ],
)
def test_a_picture_says_what_becomes_of_its_total(
    invoice: StoredInvoice, language: InvoiceLanguage, total: str
) -> None:
    (said,) = pages(invoice, language)

    number = "105,00" if language is TR else "105.00"
    assert f"{total} {number} TRY" in " ".join(said.split())


def test_a_picture_has_no_columns_for_what_none_of_its_lines_has() -> None:
    (said,) = pages(PURCHASE, EN)

    assert "Amount" in said
    assert [word for word in ("index", "Quantity", "Unit price") if word in said] == []


@pytest.mark.parametrize(
    ("line", "text"),
    [
        pytest.param(
            replace(energy("Bedel"), kind=InvoiceLineKind.SETTLEMENT),
            "Mahsup: Şubat 2026 · Bedel",
            id="by component",
        ),
        pytest.param(
            InvoiceLine(kind=InvoiceLineKind.SETTLEMENT, amount=Decimal(5), energy_month=FEBRUARY),
            "Mahsup: Şubat 2026",
            id="as a whole",
        ),
    ],
)
def test_a_picture_says_which_month_is_settled(line: InvoiceLine, text: str) -> None:
    (said,) = pages(monthly([line], []), TR)

    assert text in " ".join(said.split())


def test_indexes_of_reactive_energy_have_their_own_unit() -> None:
    priced = Priced(
        component="Reaktif", quantity=Decimal(250), unit=LineUnit.KVARH, price=Decimal(2)
    )
    line = replace(energy("Reaktif"), kind=InvoiceLineKind.REACTIVE, priced=priced)

    (said,) = pages(monthly([line], []), TR)

    assert "123.456,789 kvarh" in said
    assert "AEL00012345678" in said


def test_a_maximum_has_no_first_index() -> None:
    priced = Priced(component="Demant", quantity=Decimal(500), unit=LineUnit.KW, price=Decimal(10))
    line = energy("Demant")
    assert line.metered is not None
    metered = replace(line.metered, first=None, last=Index(STARTS_AT, 12_500))
    demand = replace(line, kind=InvoiceLineKind.DEMAND, priced=priced, metered=metered)

    (said,) = pages(monthly([demand], []), TR)

    assert "Sayaç AEL00012345678" in said
    assert "Dönem içinde okunan en yüksek değer" in said
    assert "12,500 kW 01.02.2026 500,000 kW" in " ".join(said.split())
    assert "İlk endeks" not in said


def test_days_are_charged_without_indexes() -> None:
    days = Priced(component="Bedel", quantity=Decimal(28), unit=LineUnit.DAY, price=Decimal(2))
    line = replace(energy("Bedel"), kind=InvoiceLineKind.FIXED, priced=days)

    (said,) = pages(monthly([line], []), TR)

    assert "Sayaç AEL00012345678" in said
    assert "28 gün" in said
    assert "123.456,789" not in said


@pytest.mark.parametrize("rows", range(4))
def test_lines_are_not_cut_where_a_page_ends(rows: int) -> None:
    invoice = monthly([energy(f"Bedel {number}") for number in range(40)], [])

    made = pages(invoice, TR, LONG, address=["Ilgın Sk. 5"] * rows)

    assert len(made) > 2
    for place, said in enumerate(made, start=1):
        lines = said.split("\n")
        assert said.count("Elektrik enerjisi") == said.count("Tahminî\n") == said.count("430.057,")
        assert f"{place} / {len(made)}" in said
        assert any(line.startswith("Açıklama") for line in lines)
    assert "Ödenecek tutar" in made[-1]

"""Components, days, deductions and taxes as they stand on pictures and in UBL."""

from decimal import Decimal
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pypdfium2
import pytest

from db.enums import InvoiceLanguage, InvoiceLineKind, LineUnit
from db.ids import MeterId
from domain.einvoices.ubl import CAC, CBC, Trader, ubl
from domain.invoices.picture import Page, Party, pdf
from domain.invoices.rules import Index, InvoiceLine, Metered, Priced, TaxLine
from tests.unit.invoices import ENDS_AT, FEBRUARY, STARTS_AT, monthly

NAMES = {"cac": CAC, "cbc": CBC}
METERED = Metered(
    meter_id=MeterId(7),
    serial="00000032",
    multiplier=Decimal("40.0000"),
    first=Index(STARTS_AT, 1_001),
    last=Index(ENDS_AT, 123_456),
)


def line(
    kind: InvoiceLineKind, amount: str, component: str, quantity: str, price: str, rate: str = ""
) -> InvoiceLine:
    unit = LineUnit.DAY if kind is InvoiceLineKind.FIXED else LineUnit.KWH
    return InvoiceLine(
        kind=kind,
        amount=Decimal(amount),
        energy_month=FEBRUARY,
        metered=METERED,
        priced=Priced(
            quantity=Decimal(quantity),
            unit=unit,
            price=Decimal(price),
            component=component,
            rate=rate,
        ),
    )


LINES = [
    line(InvoiceLineKind.ENERGY, "11489.605192", "Enerji", "4898.2", "2.345678901", "T1"),
    line(InvoiceLineKind.FIXED, "35", "Abonelik", "28", "1.25"),
    line(InvoiceLineKind.DEDUCTION, "-117.283945", "Enerji", "-50", "2.345678901", "T1"),
]
TAXES = [
    TaxLine("BTV", Decimal("0.05"), Decimal("11372.321247"), Decimal("568.616062")),
    TaxLine("KDV", Decimal("0.20"), Decimal("11975.937309"), Decimal("2395.187462")),
]
INVOICE = monthly(LINES, TAXES)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        pytest.param(
            InvoiceLanguage.TR,
            [
                "Elektrik enerjisi · Enerji T1",
                "4.898,200 kWh",
                "Sabit bedel · Abonelik",
                "28 gün",
                "Başkalarının ödediği · Enerji T1",
                "-50,000 kWh",
                "-117,283945",
                "BTV %5 (matrah 11.372,321247)",
                "KDV %20 (matrah 11.975,937309)",
                "14.371,12 TRY",
            ],
            id="Turkish",
        ),
        pytest.param(
            InvoiceLanguage.EN,
            [
                "Electrical energy · Enerji T1",
                "4,898.200 kWh",
                "Fixed charge · Abonelik",
                "28 days",
                "Paid for by others · Enerji T1",
                "BTV 5% (on 11,372.321247)",
                "14,371.12 TRY",
            ],
            id="English",
        ),
    ],
)
def test_a_picture_shows_components_and_taxes(language: InvoiceLanguage, said: list[str]) -> None:
    page = Page(
        invoice=INVOICE,
        company=Party(name="Güneşli Çarşı", lines=["Ilgın Sk. 5"]),
        customer=Party(name="Ayşe Işık", lines=[]),
        account_number="A1",
        premises="Dükkân 3",
        refers_to=None,
        zone=ZoneInfo("Europe/Istanbul"),
        language=language,
    )

    with pypdfium2.PdfDocument(pdf(page)) as opened:
        text = " ".join(opened[0].get_textpage().get_text_bounded().split())

    assert [one for one in said if one not in text] == []


def test_ubl_says_quantities_in_their_units_and_each_tax() -> None:
    trader = Trader(name="A", identity="1234567890", address=[])
    xml = ubl(
        INVOICE,
        document_uuid="u",
        issued_at=INVOICE.issued_at,
        supplier=trader,
        customer=trader,
        answered=None,
    )

    root = ET.fromstring(xml)  # noqa: S314 - our own
    lines = root.findall("cac:InvoiceLine", NAMES)
    quantities = [one.find("cbc:InvoicedQuantity", NAMES) for one in lines]
    assert [(q.text, q.get("unitCode")) for q in quantities if q is not None] == [
        ("4898.2", "KWH"),
        ("28", "DAY"),
        ("-50", "KWH"),
    ]
    assert [one.findtext("cac:Item/cbc:Name", namespaces=NAMES) for one in lines] == [
        "Elektrik enerjisi Enerji T1",
        "Sabit bedel Abonelik",
        "Başkalarının ödediği Enerji T1",
    ]
    told = [
        tuple(
            tax.findtext(path, namespaces=NAMES)
            for path in (
                "cac:TaxCategory/cac:TaxScheme/cbc:TaxTypeCode",
                "cbc:Percent",
                "cbc:TaxableAmount",
                "cbc:TaxAmount",
            )
        )
        for tax in root.findall("cac:TaxTotal/cac:TaxSubtotal", NAMES)
    ]
    assert told == [
        ("4071", "5", "11372.321247", "568.616062"),
        ("0015", "20", "11975.937309", "2395.187462"),
    ]
    assert root.findtext("cac:TaxTotal/cbc:TaxAmount", namespaces=NAMES) == "2963.803524"

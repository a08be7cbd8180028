"""Invoices as UBL: what has to be there is there, and the amounts sum up."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from db.enums import InvoiceKind, InvoiceLineKind, LineUnit
from db.ids import InvoiceId, MeterId
from domain.einvoices.ubl import CAC, CBC, INVOICE, Answered, Trader, ubl, uuid_of
from domain.invoices.rules import Index, InvoiceLine, Metered, Priced, TaxLine
from domain.invoices.stored import StoredInvoice
from domain.invoices.totals import totals
from tests.unit.invoices import ENDS_AT, FEBRUARY, STARTS_AT, monthly

NAMES = {"i": INVOICE, "cac": CAC, "cbc": CBC}
LINES = [
    InvoiceLine(
        kind=InvoiceLineKind.ENERGY,
        amount=Decimal("289.588134"),
        energy_month=FEBRUARY,
        metered=Metered(
            meter_id=MeterId(7),
            serial="00000032",
            multiplier=Decimal("1.0000"),
            first=Index(STARTS_AT, 0),
            last=Index(ENDS_AT, 123_456),
        ),
        priced=Priced(quantity=Decimal("123.456"), unit=LineUnit.KWH, price=Decimal("2.345678901")),
    ),
    InvoiceLine(
        kind=InvoiceLineKind.SETTLEMENT,
        amount=Decimal("-1.5"),
        energy_month=FEBRUARY.moved(-1),
    ),
]
TAXES = [TaxLine("KDV", Decimal("0.20"), Decimal("288.088134"), Decimal("57.617627"))]
MONTHLY = monthly(LINES, TAXES)
NOTE = replace(
    MONTHLY,
    kind=InvoiceKind.CREDIT_NOTE,
    number="CRN2026000000001",
    issue_date=date(2026, 4, 9),
    month=None,
    refers_to=InvoiceId(1),
    reason="yanlış <sayaç> & dahası",
)
ANSWERED = Answered(number=MONTHLY.number, issue_date=MONTHLY.issue_date)
SUPPLIER = Trader(
    name="Güneşli Çarşı", identity="1234567890", address=["Ilgın Sk. 5"], tax_office="Şişli"
)
CUSTOMER = Trader(name="Ayşe Işık", identity="12345678901", address=["Ağaç Cad. 7", "İstanbul"])
# What UBL-TR asks of every invoice, in the order in which it has to come.
ORDER = [
    "UBLVersionID",
    "CustomizationID",
    "ProfileID",
    "ID",
    "CopyIndicator",
    "UUID",
    "IssueDate",
    "IssueTime",
    "InvoiceTypeCode",
    "Note",
    "DocumentCurrencyCode",
    "LineCountNumeric",
    "InvoicePeriod",
    "BillingReference",
    "AccountingSupplierParty",
    "AccountingCustomerParty",
    "PaymentMeans",
    "TaxTotal",
    "LegalMonetaryTotal",
    "InvoiceLine",
]
OPTIONAL = {"Note", "InvoicePeriod", "BillingReference", "PaymentMeans"}


def parsed(invoice: StoredInvoice, answered: Answered | None = None) -> ET.Element:
    xml = ubl(
        invoice,
        document_uuid=uuid_of(1, 1),
        issued_at=datetime(2026, 3, 2, 12, 30, tzinfo=UTC),
        supplier=SUPPLIER,
        customer=CUSTOMER,
        answered=answered,
    )
    return ET.fromstring(xml)  # noqa: S314 - our own


def text(root: ET.Element, path: str) -> str | None:
    return root.findtext(path, namespaces=NAMES)


def amount(root: ET.Element, path: str) -> Decimal:
    element = root.find(path, NAMES)
    assert element is not None, path
    assert element.get("currencyID") == "TRY"
    return Decimal(element.text or "")


@pytest.mark.parametrize(
    ("invoice", "answered"),
    [
        pytest.param(MONTHLY, None, id="invoice"),
        pytest.param(NOTE, ANSWERED, id="credit note"),
    ],
)
def test_all_that_is_required_is_there_in_order(
    invoice: StoredInvoice, answered: Answered | None
) -> None:
    root = parsed(invoice, answered)

    names = [child.tag.rpartition("}")[2] for child in root]
    assert root.tag == f"{{{INVOICE}}}Invoice"
    assert set(ORDER) - OPTIONAL <= set(names)
    assert names == sorted(names, key=ORDER.index)


def test_the_head_says_what_it_is() -> None:
    root = parsed(MONTHLY)

    said = {name: text(root, f"cbc:{name}") for name in ORDER[:9]}
    assert said == {
        "UBLVersionID": "2.1",
        "CustomizationID": "TR1.2",
        "ProfileID": "EARSIVFATURA",
        "ID": "INV2026000000001",
        "CopyIndicator": "false",
        "UUID": uuid_of(1, 1),
        "IssueDate": "2026-03-02",
        "IssueTime": "12:30:00",
        "InvoiceTypeCode": "SATIS",
    }
    assert text(root, "cac:InvoicePeriod/cbc:EndDate") == "2026-02-28"
    assert text(root, "cac:PaymentMeans/cbc:PaymentDueDate") == "2026-03-12"


def test_both_sides_have_their_names_and_numbers() -> None:
    root = parsed(MONTHLY)

    for side, name, scheme, number in (
        ("Supplier", "Güneşli Çarşı", "VKN", "1234567890"),
        ("Customer", "Ayşe Işık", "TCKN", "12345678901"),
    ):
        party = root.find(f"cac:Accounting{side}Party/cac:Party", NAMES)
        assert party is not None
        assert text(party, "cac:PartyName/cbc:Name") == name
        identity = party.find("cac:PartyIdentification/cbc:ID", NAMES)
        assert identity is not None
        assert (identity.get("schemeID"), identity.text) == (scheme, number)


def test_the_amounts_sum_up() -> None:
    root = parsed(MONTHLY)

    total = "cac:LegalMonetaryTotal/cbc:"
    lines = [
        Decimal(element.text or "")
        for element in root.findall("cac:InvoiceLine/cbc:LineExtensionAmount", NAMES)
    ]
    assert sum(lines) == amount(root, f"{total}LineExtensionAmount") == Decimal("288.088134")
    tax = amount(root, "cac:TaxTotal/cbc:TaxAmount")
    assert tax == amount(root, "cac:TaxTotal/cac:TaxSubtotal/cbc:TaxAmount")
    inclusive = amount(root, f"{total}TaxInclusiveAmount")
    assert inclusive == amount(root, f"{total}TaxExclusiveAmount") + tax
    payable = amount(root, f"{total}PayableAmount")
    assert payable == inclusive + amount(root, f"{total}PayableRoundingAmount")
    assert str(payable) == "345.71"
    assert text(root, "cbc:LineCountNumeric") == str(len(lines))


def test_a_line_tells_meter_indexes_and_energy() -> None:
    line = parsed(MONTHLY).find("cac:InvoiceLine", NAMES)

    assert line is not None
    quantity = line.find("cbc:InvoicedQuantity", NAMES)
    assert quantity is not None
    assert (quantity.text, quantity.get("unitCode")) == ("123.456", "KWH")
    assert amount(line, "cac:Price/cbc:PriceAmount") == Decimal("2.345678901")
    assert text(line, "cbc:Note") == (
        "00000032 x 1: 0 (2026-01-31T21:00Z) - 123.456 (2026-02-28T21:00Z)"
    )


def test_a_line_of_demand_tells_when_the_meter_showed_its_maximum() -> None:
    energy = LINES[0]
    assert energy.metered is not None
    metered = replace(energy.metered, first=None, last=Index(STARTS_AT, 12_500))
    demand = replace(energy, kind=InvoiceLineKind.DEMAND, metered=metered)

    line = parsed(replace(MONTHLY, lines=[demand])).find("cac:InvoiceLine", NAMES)

    assert line is not None
    assert text(line, "cbc:Note") == "00000032 x 1: 12.5 (2026-01-31T21:00Z)"


def test_a_credit_note_is_a_return_that_names_its_invoice() -> None:
    root = parsed(NOTE, ANSWERED)

    assert text(root, "cbc:InvoiceTypeCode") == "IADE"
    assert text(root, "cbc:Note") == "yanlış <sayaç> & dahası"
    path = "cac:BillingReference/cac:InvoiceDocumentReference/cbc:"
    assert text(root, f"{path}ID") == "INV2026000000001"
    assert text(root, f"{path}IssueDate") == "2026-03-02"
    assert text(root, "cbc:IssueDate") == "2026-04-09"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        pytest.param("KDV", "0015", id="value added tax"),
        pytest.param("BTV", "4071", id="consumption tax on electricity"),
        pytest.param("TRT", None, id="another"),
    ],
)
def test_a_tax_has_its_own_code_or_none(name: str, code: str | None) -> None:
    tax = TaxLine(name, Decimal("0.05"), Decimal(100), Decimal(5))

    scheme = parsed(replace(MONTHLY, taxes=[tax])).find(".//cac:TaxCategory/cac:TaxScheme", NAMES)

    assert scheme is not None
    assert (text(scheme, "cbc:Name"), text(scheme, "cbc:TaxTypeCode")) == (name, code)


def test_an_untaxed_invoice_says_so() -> None:
    root = parsed(replace(MONTHLY, taxes=[], totals=totals(LINES, [], "TRY")))

    assert amount(root, "cac:TaxTotal/cbc:TaxAmount") == 0
    assert text(root, "cac:TaxTotal/cac:TaxSubtotal/cbc:Percent") == "0"

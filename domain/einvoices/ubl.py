"""Invoices as UBL 2.1 in the Turkish customization TR1.2. Pure.

Not here: signatures and the envelope, which are the integrator's.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from xml.etree import ElementTree as ET

from db.enums import InvoiceKind, InvoiceLanguage, LineUnit
from domain.currencies import payable
from domain.invoices.rules import InvoiceLine, Priced, TaxLine
from domain.invoices.stored import StoredInvoice
from domain.invoices.words import WORDS
from domain.units import WH_PER_KWH

INVOICE = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
VERSION, CUSTOMIZATION = "2.1", "TR1.2"
ARCHIVE_PROFILE = "EARSIVFATURA"
SALE, RETURN = "SATIS", "IADE"
# By UN/ECE recommendation 20; what has no unit counts as pieces.
UNITS = {LineUnit.KWH: "KWH", LineUnit.KVARH: "KVH", LineUnit.KW: "KWT", LineUnit.DAY: "DAY"}
PIECE = "C62"
# Not told in advance how it is to be paid.
ANY_MEANS = "1"
NAMESPACE = uuid.UUID("8f1c4d0e-6f55-4f0e-9b39-3e1d5c1f7a52")
# Codes of the tax office for taxes by their usual names; others are told by name alone.
TAX_CODES = {"KDV": "0015", "VAT": "0015", "BTV": "4071"}
PRIVATE_IDENTITY_DIGITS = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Trader:
    """Who sells or buys. identity: tax number of ten digits, or a person's of eleven."""

    name: str
    identity: str | None
    address: Sequence[str]
    tax_office: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The invoice that a credit note answers."""

    number: str
    issue_date: date


def uuid_of(company_id: int, invoice_id: int) -> str:
    """Return the document's UUID, which follows from the invoice."""
    return str(uuid.uuid5(NAMESPACE, f"{company_id}/{invoice_id}"))


def ubl(
    invoice: StoredInvoice,
    *,
    document_uuid: str,
    issued_at: datetime,
    supplier: Trader,
    customer: Trader,
    answered: Answered | None,
) -> bytes:
    """Return an invoice as XML. issued_at: in the company's zone. answered: by a credit note."""
    ET.register_namespace("", INVOICE)
    ET.register_namespace("cac", CAC)
    ET.register_namespace("cbc", CBC)
    root = ET.Element(f"{{{INVOICE}}}Invoice")
    _head(root, invoice, document_uuid, issued_at)
    if invoice.month is not None:
        period = _aggregate(root, "InvoicePeriod")
        _basic(period, "StartDate", invoice.month.first.isoformat())
        _basic(period, "EndDate", invoice.month.last.isoformat())
    if answered is not None:
        reference = _aggregate(_aggregate(root, "BillingReference"), "InvoiceDocumentReference")
        _basic(reference, "ID", answered.number)
        _basic(reference, "IssueDate", answered.issue_date.isoformat())
    _party(_aggregate(root, "AccountingSupplierParty"), supplier)
    _party(_aggregate(root, "AccountingCustomerParty"), customer)
    if invoice.kind is InvoiceKind.MONTHLY:
        means = _aggregate(root, "PaymentMeans")
        _basic(means, "PaymentMeansCode", ANY_MEANS)
        _basic(means, "PaymentDueDate", invoice.due_date.isoformat())
    _taxes(root, invoice)
    _totals(root, invoice)
    for place, line in enumerate(invoice.lines, start=1):
        _line(root, invoice, place, line)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _head(
    root: ET.Element, invoice: StoredInvoice, document_uuid: str, issued_at: datetime
) -> None:
    _basic(root, "UBLVersionID", VERSION)
    _basic(root, "CustomizationID", CUSTOMIZATION)
    _basic(root, "ProfileID", ARCHIVE_PROFILE)
    _basic(root, "ID", invoice.number)
    _basic(root, "CopyIndicator", "false")
    _basic(root, "UUID", document_uuid)
    _basic(root, "IssueDate", invoice.issue_date.isoformat())
    _basic(root, "IssueTime", f"{issued_at:%H:%M:%S}")
    kind = RETURN if invoice.kind is InvoiceKind.CREDIT_NOTE else SALE
    _basic(root, "InvoiceTypeCode", kind)
    if invoice.reason is not None:
        _basic(root, "Note", invoice.reason)
    _basic(root, "DocumentCurrencyCode", invoice.currency)
    _basic(root, "LineCountNumeric", str(len(invoice.lines)))


def _basic(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, f"{{{CBC}}}{name}", attributes).text = text


def _aggregate(parent: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(parent, f"{{{CAC}}}{name}")


def _amount(parent: ET.Element, name: str, amount: Decimal, currency: str) -> None:
    _basic(parent, name, f"{amount:f}", currencyID=currency)


def _party(parent: ET.Element, trader: Trader) -> None:
    party = _aggregate(parent, "Party")
    identity = trader.identity or ""
    scheme = "TCKN" if len(identity) == PRIVATE_IDENTITY_DIGITS else "VKN"
    _basic(_aggregate(party, "PartyIdentification"), "ID", identity, schemeID=scheme)
    _basic(_aggregate(party, "PartyName"), "Name", trader.name)
    address = _aggregate(party, "PostalAddress")
    for text in trader.address:
        _basic(_aggregate(address, "AddressLine"), "Line", text)
    if trader.tax_office is not None:
        scheme_element = _aggregate(_aggregate(party, "PartyTaxScheme"), "TaxScheme")
        _basic(scheme_element, "Name", trader.tax_office)


def _taxes(root: ET.Element, invoice: StoredInvoice) -> None:
    total = _aggregate(root, "TaxTotal")
    _amount(total, "TaxAmount", invoice.totals.tax, invoice.currency)
    none = TaxLine("KDV", Decimal(0), invoice.totals.lines, Decimal(0))
    for tax in invoice.taxes or [none]:
        subtotal = _aggregate(total, "TaxSubtotal")
        _amount(subtotal, "TaxableAmount", tax.base, invoice.currency)
        _amount(subtotal, "TaxAmount", tax.amount, invoice.currency)
        if tax.rate is not None:
            _basic(subtotal, "Percent", f"{(tax.rate * 100).normalize():f}")
        scheme = _aggregate(_aggregate(subtotal, "TaxCategory"), "TaxScheme")
        _basic(scheme, "Name", tax.name)
        code = TAX_CODES.get(tax.name.upper())
        if code is not None:
            _basic(scheme, "TaxTypeCode", code)


def _totals(root: ET.Element, invoice: StoredInvoice) -> None:
    totals, currency = invoice.totals, invoice.currency
    monetary = _aggregate(root, "LegalMonetaryTotal")
    _amount(monetary, "LineExtensionAmount", totals.lines, currency)
    _amount(monetary, "TaxExclusiveAmount", totals.lines, currency)
    _amount(monetary, "TaxInclusiveAmount", totals.lines + totals.tax, currency)
    _amount(monetary, "PayableRoundingAmount", totals.rounding, currency)
    _amount(monetary, "PayableAmount", payable(totals.total, currency), currency)


def _line(root: ET.Element, invoice: StoredInvoice, place: int, line: InvoiceLine) -> None:
    element = _aggregate(root, "InvoiceLine")
    _basic(element, "ID", str(place))
    metered = line.metered
    if metered is not None:
        indexes = " - ".join(
            f"{Decimal(index.index_wh) / WH_PER_KWH:f} ({index.at:%Y-%m-%dT%H:%M}Z)"
            for index in (metered.first, metered.last)
            if index is not None
        )
        note = f"{metered.serial} x {metered.multiplier.normalize():f}: {indexes}"
        _basic(element, "Note", note)
    priced = line.priced or Priced(quantity=Decimal(1), unit=LineUnit.KWH, price=line.amount)
    unit = PIECE if line.priced is None else UNITS[priced.unit]
    _basic(element, "InvoicedQuantity", f"{priced.quantity.normalize():f}", unitCode=unit)
    _amount(element, "LineExtensionAmount", line.amount, invoice.currency)
    name = " ".join(
        part
        for part in (
            WORDS[InvoiceLanguage.TR][line.kind].rstrip(":"),
            priced.component,
            priced.rate,
        )
        if part
    )
    _basic(_aggregate(element, "Item"), "Name", name)
    _amount(_aggregate(element, "Price"), "PriceAmount", priced.price, invoice.currency)

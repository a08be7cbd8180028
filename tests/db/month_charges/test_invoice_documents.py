"""What a month was charged as a whole, on the picture of an invoice and in its e-invoice."""

from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pypdfium2
import pytest

from db import access
from db.enums import BillingMode, InvoiceLanguage
from domain.einvoices import transmission
from domain.einvoices.folder import FolderIntegrator
from domain.einvoices.ubl import CAC, CBC
from domain.invoices import documents, monthly
from tests.db.invoicing import ISSUED_AT
from tests.db.month_charges.world import (
    ENDS_AT,
    FEBRUARY,
    OPENED_AT,
    STARTS_AT,
    make_monthly,
    read,
    work,
)
from tests.factories import KEYRING, Place, account_of


@pytest.fixture
async def place(room: None) -> Place:
    place = await make_monthly(billing_mode=BillingMode.POSTPAID)
    async with access.system() as connection:
        await connection.execute("update company set einvoices_since = $1", OPENED_AT)
    at_noon = STARTS_AT + timedelta(days=3)
    await read(
        place,
        {
            STARTS_AT: (0, 0, 0, 40_000),
            at_noon: (100_000, 0, 0, 12_500),
            ENDS_AT: (1_000_000, 250_125, 0, 12_500),
        },
    )
    await work()
    return place


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        pytest.param(
            InvoiceLanguage.EN,
            (
                "Peak demand · Demand Meter",
                "Highest value read in the month 12.500 kW 2026-02-04 12.500 kW 10 125.000000",
                "Reactive energy · Reactive Meter",
                "0.000 kvarh 2026-02-01 250.125 kvarh 2026-03-01 250.125 kvarh 0.5 125.062500",
            ),
            id="English",
        ),
        pytest.param(
            InvoiceLanguage.TR,
            (
                "En yüksek güç (demant) · Demand Sayaç",
                "Dönem içinde okunan en yüksek değer 12,500 kW 04.02.2026 12,500 kW 10 125,000000",
                "Reaktif enerji · Reactive Sayaç",
                "0,000 kvarh 01.02.2026 250,125 kvarh 01.03.2026 250,125 kvarh 0,5 125,062500",
            ),
            id="Turkish",
        ),
    ],
)
async def test_the_picture_says_how_much_was_charged(
    place: Place, language: InvoiceLanguage, lines: tuple[str, ...]
) -> None:
    invoice_id = await monthly.issue(
        company_id=place.company_id, account_id=account_of(place), month=FEBRUARY, now=ISSUED_AT
    )
    made = await documents.document(
        company_id=place.company_id,
        invoice_id=invoice_id,
        language=language,
        keyring=KEYRING,
        now=ISSUED_AT,
    )

    _, content = await documents.content(
        company_id=place.company_id, document_id=made.id, keyring=KEYRING
    )

    with pypdfium2.PdfDocument(content) as opened:
        text = " ".join(opened[0].get_textpage().get_text_bounded().split())
    assert [line for line in lines if line not in text] == []


async def test_the_e_invoice_counts_kilowatts_and_kilovar_hours(
    place: Place, tmp_path: Path
) -> None:
    await monthly.issue(
        company_id=place.company_id, account_id=account_of(place), month=FEBRUARY, now=ISSUED_AT
    )

    await transmission.transmit(FolderIntegrator(tmp_path), keyring=KEYRING, now=ISSUED_AT)

    (file,) = tmp_path.iterdir()  # noqa: ASYNC240 - a folder of the test
    root = ET.fromstring(file.read_bytes())  # noqa: S314 - our own
    quantities = root.findall(f"{{{CAC}}}InvoiceLine/{{{CBC}}}InvoicedQuantity")
    assert [(one.text, one.get("unitCode")) for one in quantities] == [
        ("1000", "KWH"),
        ("12.5", "KWT"),
        ("250.125", "KVH"),
    ]

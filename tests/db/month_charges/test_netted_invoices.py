"""What is netted of a month, on its invoice, on the picture of that and in its e-invoice."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pypdfium2
import pytest

from db import access
from db.enums import BillingMode, InvoiceLanguage, InvoiceLineKind, LineUnit
from db.ids import InvoiceId
from domain.einvoices import transmission
from domain.einvoices.folder import FolderIntegrator
from domain.einvoices.ubl import CAC, CBC
from domain.invoices import credit_notes, documents, monthly
from domain.invoices.monthly import MonthNotOver, NothingToInvoice
from domain.invoices.rules import Month
from domain.ledger.queries import balance_of, verify
from tests.db.invoicing import ISSUED_AT, invoice_of
from tests.db.month_charges.exporting import SURPLUS, make_exporting, read
from tests.db.month_charges.world import (
    CHARGED_AT,
    ENDS_AT,
    FEBRUARY,
    LATER,
    MARCH,
    MARCH_ENDS_AT,
    OPENED_AT,
    STARTS_AT,
    value,
    work,
)
from tests.factories import KEYRING, Place, account_of

N = InvoiceLineKind.NETTING
E = InvoiceLineKind.ENERGY


@pytest.fixture
async def place(room: None) -> Place:
    place = await make_exporting(billing_mode=BillingMode.POSTPAID)
    async with access.system() as connection:
        await connection.execute("update company set einvoices_since = $1", OPENED_AT)
    return place


async def issue(place: Place, month: Month = FEBRUARY) -> InvoiceId:
    now = ISSUED_AT if month == FEBRUARY else LATER
    return await monthly.issue(
        company_id=place.company_id, account_id=account_of(place), month=month, now=now
    )


async def test_an_invoice_shows_what_is_netted(place: Place) -> None:
    await read(place, {STARTS_AT: (0, 0), ENDS_AT: (1_000_000, 400_000)})
    await work()

    made = await invoice_of(place.company_id, await issue(place))

    assert [
        (line.kind, line.priced.component, line.priced.quantity, line.priced.unit, line.amount)
        for line in made.lines
        if line.priced is not None
    ] == [
        (E, "Energy", Decimal(1000), LineUnit.KWH, Decimal(3000)),
        (E, "Grid", Decimal(1000), LineUnit.KWH, Decimal(1000)),
        (E, "Sold", Decimal(400), LineUnit.KWH, Decimal(-800)),
        (N, "Energy", Decimal(-400), LineUnit.KWH, Decimal(-1200)),
        (N, "Sold", Decimal(-400), LineUnit.KWH, Decimal(800)),
    ]
    (vat,) = made.taxes
    # The surplus of 600 kWh, at 3 and 20 %.
    assert (vat.base, vat.amount) == (Decimal(1800), Decimal(360))
    assert made.totals.total == 600 * 3 + 1000 + 360
    balance = await balance_of(company_id=place.company_id, account_id=account_of(place))
    assert balance == -made.totals.total
    assert await verify() == []


async def test_no_invoice_is_made_before_the_month_is_netted(place: Place) -> None:
    await read(place, SURPLUS)

    with pytest.raises(MonthNotOver):
        await issue(place)

    assert await value("select count(*) from invoice") == 0


async def test_a_month_that_earned_more_than_it_cost_has_no_invoice(place: Place) -> None:
    await read(place, {STARTS_AT: (0, 0), ENDS_AT: (100_000, 900_000)})
    await work()

    with pytest.raises(NothingToInvoice):
        await issue(place)

    assert await value("select count(*) from invoice") == 0
    balance = await balance_of(company_id=place.company_id, account_id=account_of(place))
    assert balance == 800 * 2 - 100


async def test_what_came_late_is_settled_with_the_next_invoice(place: Place) -> None:
    early = ENDS_AT - timedelta(hours=2)
    await read(place, {STARTS_AT: (0, 0), early: (900_000, 300_000)})
    await work()
    await issue(place)
    await read(place, {ENDS_AT: (1_000_000, 400_000)}, now=CHARGED_AT)
    await read(place, {MARCH_ENDS_AT: (1_500_000, 400_000)})
    await work(LATER)

    second = await invoice_of(place.company_id, await issue(place, MARCH))

    # 100 kWh more were imported, exported and netted: only the grid has to be paid for.
    settled = [line for line in second.lines if line.kind is InvoiceLineKind.SETTLEMENT]
    assert [
        (line.energy_month, line.priced.component, line.priced.quantity, line.amount)
        for line in settled
        if line.priced is not None
    ] == [
        (FEBRUARY, "Energy", Decimal(100), Decimal(300)),
        (FEBRUARY, "Grid", Decimal(100), Decimal(100)),
        (FEBRUARY, "Sold", Decimal(100), Decimal(-200)),
        (FEBRUARY, "Energy", Decimal(-100), Decimal(-300)),
        (FEBRUARY, "Sold", Decimal(-100), Decimal(200)),
    ]
    assert await verify() == []


async def test_a_credit_note_takes_all_of_it_back(place: Place) -> None:
    await read(place, SURPLUS)
    await work()
    invoice_id = await issue(place)

    note = await credit_notes.credit(
        company_id=place.company_id,
        invoice_id=invoice_id,
        reason="A mistake",
        idempotency_key="mistake",
        now=ISSUED_AT,
    )

    made = await invoice_of(place.company_id, note)
    assert made.totals.total == 600 * 3 + 1000 + 360
    assert [line.kind for line in made.lines] == [E, E, E, N, N]
    balance = await balance_of(company_id=place.company_id, account_id=account_of(place))
    # What is left is of January: 5 kWh, and the grid for them.
    assert balance == -5 * (Decimal("3.6") + 1)
    assert await verify() == []


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        pytest.param(
            InvoiceLanguage.EN,
            ("Netted energy · Energy -400.000 kWh", "Netted energy · Sold -400.000 kWh"),
            id="English",
        ),
        pytest.param(
            InvoiceLanguage.TR,
            ("Mahsuplaşan enerji · Energy -400,000 kWh", "Mahsuplaşan enerji · Sold -400,000 kWh"),
            id="Turkish",
        ),
    ],
)
async def test_the_picture_says_how_much_is_netted(
    place: Place, language: InvoiceLanguage, lines: tuple[str, str]
) -> None:
    await read(place, SURPLUS)
    await work()
    made = await documents.document(
        company_id=place.company_id,
        invoice_id=await issue(place),
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


async def test_the_e_invoice_takes_kilowatt_hours_back(place: Place, tmp_path: Path) -> None:
    await read(place, SURPLUS)
    await work()
    await issue(place)

    await transmission.transmit(FolderIntegrator(tmp_path), keyring=KEYRING, now=ISSUED_AT)

    (file,) = tmp_path.iterdir()  # noqa: ASYNC240 - a folder of the test
    root = ET.fromstring(file.read_bytes())  # noqa: S314 - our own
    quantities = root.findall(f"{{{CAC}}}InvoiceLine/{{{CBC}}}InvoicedQuantity")
    assert [(one.text, one.get("unitCode")) for one in quantities] == [
        ("1000", "KWH"),
        ("1000", "KWH"),
        ("400", "KWH"),
        ("-400", "KWH"),
        ("-400", "KWH"),
    ]

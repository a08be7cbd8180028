"""E-invoices reach their integrator once, however often it fails, and their state is kept."""

import asyncio
from dataclasses import replace
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from db import access
from db.enums import InvoiceKind, InvoiceLineKind
from db.ids import InvoiceId
from domain.einvoices import transmission
from domain.einvoices.folder import FolderIntegrator
from domain.einvoices.integrator import Envelope, IntegratorRefused, IntegratorUnreachable
from domain.einvoices.transmission import RETRY_AFTER
from domain.einvoices.ubl import CAC, CBC, uuid_of
from domain.invoices import credit_notes
from domain.invoices.rules import InvoiceLine
from domain.invoices.totals import totals
from domain.invoices.writing import Draft, Issuer, write
from tests.db.invoicing import (
    FEBRUARY,
    ISSUED_AT,
    add_postpaid,
    invoiced,
    make_consumed,
    query,
)
from tests.factories import KEYRING, Place

LATER = ISSUED_AT + RETRY_AFTER
SINCE = (ISSUED_AT - timedelta(days=1)).astimezone(UTC)


class FailingIntegrator:
    """Fails as it is told to, and then takes everything."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.taken: list[Envelope] = []

    async def send(self, envelope: Envelope) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(envelope)
        return f"taken {envelope.number}"


@pytest.fixture
async def place(room: None) -> Place:
    place = await make_consumed()
    async with access.system() as connection:
        await connection.execute("update company set einvoices_since = $1", SINCE)
    return place


@pytest.fixture
async def invoice_id(place: Place) -> InvoiceId:
    return await invoiced(place)


async def how_far() -> tuple[str, str | None, int]:
    async with access.system() as connection:
        row = await connection.fetchrow("select state, reference, attempts from einvoice")
    assert row is not None
    return (row["state"], row["reference"], row["attempts"])


async def test_an_invoice_becomes_a_file_in_the_folder(
    place: Place, invoice_id: InvoiceId, tmp_path: Path
) -> None:
    integrator = FolderIntegrator(tmp_path)

    assert await transmission.transmit(integrator, keyring=KEYRING, now=ISSUED_AT) == 1
    assert await transmission.transmit(integrator, keyring=KEYRING, now=LATER) == 0

    uuid = uuid_of(place.company_id, invoice_id)
    (file,) = tmp_path.iterdir()  # noqa: ASYNC240 - a folder of the test
    root = ET.fromstring(file.read_bytes())  # noqa: S314 - our own
    assert file.name == f"{uuid}.xml"
    assert root.findtext(f"{{{CBC}}}UUID") == uuid
    customer = f"{{{CAC}}}AccountingCustomerParty/{{{CAC}}}Party/{{{CAC}}}PartyName/{{{CBC}}}Name"
    assert root.findtext(customer) == "Ayşe Işık"
    payable = f"{{{CAC}}}LegalMonetaryTotal/{{{CBC}}}PayableAmount"
    assert root.findtext(payable) == "289.59"
    assert await how_far() == ("SENT", file.name, 1)


async def test_who_was_not_reached_is_tried_again_later(
    place: Place, invoice_id: InvoiceId
) -> None:
    integrator = FailingIntegrator(IntegratorUnreachable("no route"))

    assert await transmission.transmit(integrator, keyring=KEYRING, now=ISSUED_AT) == 0
    assert await how_far() == ("WAITING", None, 1)
    assert await transmission.transmit(integrator, keyring=KEYRING, now=ISSUED_AT) == 0
    assert await transmission.transmit(integrator, keyring=KEYRING, now=LATER) == 1

    assert await how_far() == ("SENT", "taken INV2026000000001", 2)
    assert [one.uuid for one in integrator.taken] == [uuid_of(place.company_id, invoice_id)]


async def test_what_is_refused_is_not_tried_again(place: Place, invoice_id: InvoiceId) -> None:
    integrator = FailingIntegrator(IntegratorRefused("no tax number"))

    assert await transmission.transmit(integrator, keyring=KEYRING, now=ISSUED_AT) == 0
    assert await transmission.transmit(integrator, keyring=KEYRING, now=LATER) == 0

    assert await how_far() == ("REFUSED", None, 1)
    assert "no tax number" in await query("select error from einvoice")


async def test_a_folder_that_is_not_there_is_tried_again(
    place: Place, invoice_id: InvoiceId, tmp_path: Path
) -> None:
    integrator = FolderIntegrator(tmp_path / "missing")

    assert await transmission.transmit(integrator, keyring=KEYRING, now=ISSUED_AT) == 0

    assert await how_far() == ("WAITING", None, 1)


async def test_a_credit_note_names_its_invoice_and_that_ones_day(
    place: Place, invoice_id: InvoiceId
) -> None:
    await credit_notes.credit(
        company_id=place.company_id,
        invoice_id=invoice_id,
        reason="a wrong meter",
        idempotency_key="one",
        now=ISSUED_AT + timedelta(days=3),
    )
    integrator = FailingIntegrator()

    assert await transmission.transmit(integrator, keyring=KEYRING, now=LATER) == 2

    (note,) = (one for one in integrator.taken if one.number == "CRN2026000000001")
    reference = ET.fromstring(note.xml).find(f".//{{{CAC}}}InvoiceDocumentReference")  # noqa: S314
    assert reference is not None
    said = [reference.findtext(f"{{{CBC}}}{name}") for name in ("ID", "IssueDate")]
    assert said == ["INV2026000000001", "2026-03-02"]


async def test_what_was_handed_over_stays_as_it_was(tmp_path: Path) -> None:
    integrator = FolderIntegrator(tmp_path)
    first = Envelope(uuid="one", number="INV1", xml=b"<first/>")

    name = await integrator.send(first)
    again = await integrator.send(replace(first, xml=b"<second/>"))

    (file,) = tmp_path.iterdir()  # noqa: ASYNC240 - a folder of the test
    assert again == name == file.name
    assert file.read_bytes() == b"<first/>"


async def test_many_who_hand_over_at_once_hand_over_one_whole_file(tmp_path: Path) -> None:
    contents = [bytes([ord("a") + n]) * 3_000_000 for n in range(8)]

    await asyncio.gather(
        *(
            FolderIntegrator(tmp_path).send(Envelope(uuid="one", number="INV1", xml=content))
            for content in contents
        )
    )

    (file,) = tmp_path.iterdir()  # noqa: ASYNC240 - a folder of the test
    assert file.read_bytes() in contents


async def test_one_that_cannot_be_handed_over_keeps_no_other_back(
    place: Place, invoice_id: InvoiceId
) -> None:
    other = await add_postpaid(place)
    assert other.account_id is not None
    async with access.tenant(place.company_id) as connection:
        lines = [InvoiceLine(kind=InvoiceLineKind.SETTLEMENT, amount=Decimal(5))]
        draft = Draft(
            account_id=other.account_id,
            lines=lines,
            totals=totals(lines, (), "TRY"),
            month=FEBRUARY,
        )
        issuer = await Issuer.of(connection, place.company_id)
        await write(connection, issuer, InvoiceKind.MONTHLY, [draft], now=ISSUED_AT)
    integrator = FailingIntegrator(RuntimeError("a driver's mistake"))

    assert await transmission.transmit(integrator, keyring=KEYRING, now=ISSUED_AT) == 1

    assert len(integrator.taken) == 1
    counted = "select array_agg(state order by state) from einvoice"
    assert await query(counted) == ["SENT", "WAITING"]
    assert await query("select error from einvoice where state = 'WAITING'") == "RuntimeError"


async def test_only_companies_that_want_to_hand_theirs_over(
    place: Place, invoice_id: InvoiceId
) -> None:
    async with access.system() as connection:
        await connection.execute("update company set einvoices_since = null")

    assert await transmission.transmit(FailingIntegrator(), keyring=KEYRING, now=LATER) == 0
    assert await query("select count(*) from einvoice") == 0

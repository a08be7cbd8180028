"""E-invoices reach their integrator once, however often it fails, and their state is kept."""

from datetime import UTC, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from db import access
from db.ids import InvoiceId
from db.settings import Urls
from domain.einvoices import transmission
from domain.einvoices.folder import FolderIntegrator
from domain.einvoices.integrator import Envelope, IntegratorRefused, IntegratorUnreachable
from domain.einvoices.transmission import RETRY_AFTER
from domain.einvoices.ubl import CAC, CBC, uuid_of
from domain.invoices import monthly
from tests.db.invoicing import (
    ENDS_AT,
    FEBRUARY,
    ISSUED_AT,
    STARTS_AT,
    account_of,
    make_partitions,
    make_postpaid,
    measure,
    query,
)
from tests.factories import KEYRING, Place, make_register_set

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
async def place(connected: None, database: Urls) -> Place:
    await make_partitions(database.owner)
    place = await make_postpaid()
    await measure(
        place, await make_register_set(place.company_id), {STARTS_AT: 0, ENDS_AT: 123_456}
    )
    async with access.system() as connection:
        await connection.execute("update company set einvoices_since = $1", SINCE)
    return place


@pytest.fixture
async def invoice_id(place: Place) -> InvoiceId:
    return await monthly.issue(
        company_id=place.company_id, account_id=account_of(place), month=FEBRUARY, now=ISSUED_AT
    )


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


async def test_only_companies_that_want_to_hand_theirs_over(
    place: Place, invoice_id: InvoiceId
) -> None:
    async with access.system() as connection:
        await connection.execute("update company set einvoices_since = null")

    assert await transmission.transmit(FailingIntegrator(), keyring=KEYRING, now=LATER) == 0
    assert await query("select count(*) from einvoice") == 0

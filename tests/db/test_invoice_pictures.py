"""Pictures of invoices: what stands on them, in both languages, and that they are made once."""

import asyncio
import hashlib
from decimal import Decimal

import asyncpg
import pypdfium2
import pytest

from db import access
from db.enums import ErasureReason, InvoiceLanguage
from db.ids import InvoiceDocumentId, InvoiceId
from db.settings import Urls
from domain.companies import settings
from domain.invoices import credit_notes, documents, monthly
from domain.invoices.documents import Document
from domain.refusals import NotThere
from domain.subscribers import erasure
from domain.subscribers import operations as subscribers
from tests.db.invoicing import (
    ENDS_AT,
    FEBRUARY,
    ISSUED_AT,
    STARTS_AT,
    make_postpaid,
    measure,
    query,
)
from tests.factories import KEYRING, Place, account_of, make_register_set

TR, EN = InvoiceLanguage.TR, InvoiceLanguage.EN


@pytest.fixture
async def place(room: None) -> Place:
    place = await make_postpaid(multiplier=Decimal(40))
    registers = await make_register_set(place.company_id)
    await measure(place, registers, {STARTS_AT: 1_001, ENDS_AT: 123_456})
    await settings.update(
        company_id=place.company_id,
        expected_version=1,
        changes={
            "name": "Güneşli Çarşı Elektrik",
            "address": "Şişli Mah. Ilgın Sk. 5\n34380 İstanbul",
            "tax_office": "Şişli",
            "tax_number": "1234567890",
        },
    )
    await subscribers.update(
        company_id=place.company_id,
        subscriber_id=place.subscriber_id,
        expected_version=1,
        changes={},
        contact={"invoice_address": "Ağaç Cad. 7\nÜsküdar/İstanbul"},
        keyring=KEYRING,
    )
    return place


@pytest.fixture
async def invoice_id(place: Place) -> InvoiceId:
    return await monthly.issue(
        company_id=place.company_id,
        account_id=account_of(place),
        month=FEBRUARY,
        now=ISSUED_AT,
    )


async def made(place: Place, invoice_id: InvoiceId, language: InvoiceLanguage = TR) -> Document:
    return await documents.document(
        company_id=place.company_id,
        invoice_id=invoice_id,
        language=language,
        keyring=KEYRING,
        now=ISSUED_AT,
    )


async def content(place: Place, document_id: InvoiceDocumentId) -> bytes:
    _, body = await documents.content(
        company_id=place.company_id, document_id=document_id, keyring=KEYRING
    )
    return body


def text_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as opened:
        assert len(opened) == 1
        text: str = opened[0].get_textpage().get_text_bounded()
    return text


async def test_a_turkish_picture_says_all_with_its_letters(
    place: Place, invoice_id: InvoiceId
) -> None:
    text = text_of(await content(place, (await made(place, invoice_id)).id))

    for said in (
        "Elektrik faturası",
        "INV2026000000001",
        "Güneşli Çarşı Elektrik",
        "Şişli Mah. Ilgın Sk. 5",
        "Ayşe Işık",
        "Üsküdar/İstanbul",
        "Ağaç Cad. 7",
        "Şubat 2026",
        "12.03.2026",
        f"Sayaç {place.supplies[0].serial}",
        "Çarpan 40",
        "1,001",
        "123,456",
        "4.898,200",
        "2,345678901",
        "11.489,60 TRY",
    ):
        assert said in text, (said, text)


async def test_an_english_picture_says_the_same(place: Place, invoice_id: InvoiceId) -> None:
    text = text_of(await content(place, (await made(place, invoice_id, EN)).id))

    for said in (
        "Electricity invoice",
        "Ayşe Işık",
        "February 2026",
        "2026-03-12",
        "4,898.200",
        "11,489.60 TRY",
    ):
        assert said in text, (said, text)


async def test_a_credit_note_names_what_it_takes_back(place: Place, invoice_id: InvoiceId) -> None:
    note_id = await credit_notes.credit(
        company_id=place.company_id,
        invoice_id=invoice_id,
        reason="yanlış sayaç",
        idempotency_key="one",
        now=ISSUED_AT,
    )

    text = text_of(await content(place, (await made(place, note_id)).id))

    assert "İade faturası" in text
    assert "CRN2026000000001" in text
    assert "INV2026000000001" in text
    assert "Neden: yanlış sayaç" in text


async def test_a_picture_is_made_once_and_kept_with_its_hash(
    place: Place, invoice_id: InvoiceId
) -> None:
    first, *others = await asyncio.gather(*(made(place, invoice_id) for _ in range(3)))
    await settings.update(
        company_id=place.company_id, expected_version=2, changes={"name": "Another name"}
    )

    again = await made(place, invoice_id)

    assert {again, first, *others} == {first}
    body = await content(place, first.id)
    assert hashlib.sha256(body).digest() == first.sha256
    assert (len(body), first.file_name) == (first.size, "INV2026000000001-tr.pdf")
    assert await query("select count(*) from invoice_document") == 1


async def test_nobodys_name_stands_in_the_table(place: Place, invoice_id: InvoiceId) -> None:
    await made(place, invoice_id)

    sealed = await query("select sealed from invoice_document")

    assert not sealed.startswith(b"%PDF")
    reads = "select count(*) from daily_entry where kind = 'READ' and object_type = 'Subscriber'"
    assert await query(reads) > 0


async def test_the_picture_of_who_is_erased_cannot_be_read(
    place: Place, invoice_id: InvoiceId
) -> None:
    document = await made(place, invoice_id)
    async with access.system() as connection:
        await connection.execute("update account set closed_at = $1", ISSUED_AT)
    await erasure.erase(
        company_id=place.company_id,
        subscriber_id=place.subscriber_id,
        reason=ErasureReason.REQUESTED,
        now=ISSUED_AT,
    )

    with pytest.raises(NotThere):
        await content(place, document.id)
    for language in (TR, EN):
        with pytest.raises(NotThere):
            await made(place, invoice_id, language)
    assert await query("select array_agg(id) from invoice_document") == [document.id]


async def test_a_picture_is_never_changed(
    place: Place, invoice_id: InvoiceId, database: Urls
) -> None:
    document = await made(place, invoice_id)
    owner = await asyncpg.connect(database.owner)

    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute("update invoice_document set size = 1")

    await owner.close()
    assert await query("select size from invoice_document") == document.size

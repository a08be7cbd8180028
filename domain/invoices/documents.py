"""Pictures of invoices: made once for each language, and kept sealed under the person's key."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from db import access
from db.enums import InvoiceLanguage
from db.ids import CompanyId, InvoiceDocumentId, InvoiceId, SubscriberId
from domain.invoices.parties import parties
from domain.invoices.picture import Page, Party, pdf
from domain.invoices.stored import StoredInvoice, stored
from domain.invoices.words import WORDS
from domain.listing import Record
from domain.messages.formats import language_of
from domain.refusals import NotThere
from domain.subscribers import contacts
from domain.subscribers.contacts import Contact
from domain.subscribers.keyring import Keyring, PersonKey

MIME_TYPE = "application/pdf"

FOUND = """
    select d.id, d.size, d.sha256, d.subscriber_id, i.number
    from invoice_document d
    join invoice i on i.company_id = d.company_id and i.id = d.invoice_id
    join person_key k on k.company_id = d.company_id and k.subscriber_id = d.subscriber_id
    where d.company_id = $1 and d.invoice_id = $2 and d.language = $3
"""
KEEP = """
    insert into invoice_document (company_id, invoice_id, language, subscriber_id, made_at, size,
        sha256, sealed)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (company_id, invoice_id, language) do nothing
"""
NUMBER = "select number from invoice where company_id = $1 and id = $2"
SEALED = """
    select d.*, i.number, k.wrapped_key
    from invoice_document d
    join invoice i on i.company_id = d.company_id and i.id = d.invoice_id
    join person_key k on k.company_id = d.company_id and k.subscriber_id = d.subscriber_id
    where d.company_id = $1 and d.id = $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A picture that is kept. size: in bytes; sha256: of the PDF."""

    id: InvoiceDocumentId
    file_name: str
    size: int
    sha256: bytes


async def document(
    *,
    company_id: CompanyId,
    invoice_id: InvoiceId,
    language: InvoiceLanguage | None,
    keyring: Keyring,
    now: datetime,
) -> Document:
    """Return the picture of an invoice in a language, which is made when it is first asked for.

    language: None for the company's, or English where it speaks another.
    Safe to repeat and to run twice at once: the one that was kept first stays for good.

    :raises NotThere: there is no such invoice, or the person that it was for has been erased
    """
    language = language or await _own_language(company_id)
    found = await _found(company_id, invoice_id, language)
    if found is not None:
        return found
    page, key, subscriber_id = await _page(company_id, invoice_id, language, keyring, now)
    content = await asyncio.to_thread(pdf, page)
    async with access.tenant(company_id) as connection:
        await connection.execute(
            KEEP,
            company_id,
            invoice_id,
            language,
            subscriber_id,
            now,
            len(content),
            hashlib.sha256(content).digest(),
            key.seal_bytes(content, what=_what(invoice_id, language)),
        )
    kept = await _found(company_id, invoice_id, language)
    if kept is None:
        raise NotThere
    return kept


async def content(
    *, company_id: CompanyId, document_id: InvoiceDocumentId, keyring: Keyring
) -> tuple[str, bytes]:
    """Return a picture's file name and bytes.

    :raises NotThere: there is none, or the person that it was for has been erased
    """
    async with access.tenant(company_id) as connection:
        row = await connection.fetchrow(SEALED, company_id, document_id)
    if row is None:
        raise NotThere
    key = keyring.unwrapped(
        row["wrapped_key"], company_id=company_id, subscriber_id=SubscriberId(row["subscriber_id"])
    )
    language = InvoiceLanguage(row["language"])
    what = _what(InvoiceId(row["invoice_id"]), language)
    return _file_name(row["number"], language), key.open_bytes(row["sealed"], what=what)


def _what(invoice_id: InvoiceId, language: InvoiceLanguage) -> str:
    return f"invoice {invoice_id} in {language}"


def _file_name(number: str, language: InvoiceLanguage) -> str:
    return f"{number.replace('/', '-')}-{language.lower()}.pdf"


async def _own_language(company_id: CompanyId) -> InvoiceLanguage:
    async with access.tenant(company_id) as connection:
        locale = await connection.fetchval("select locale from company where id = $1", company_id)
    return InvoiceLanguage(language_of(locale).upper())


async def _found(
    company_id: CompanyId, invoice_id: InvoiceId, language: InvoiceLanguage
) -> Document | None:
    async with access.tenant(company_id) as connection:
        row = await connection.fetchrow(FOUND, company_id, invoice_id, language)
        if row is None:
            return None
        # Whoever has the picture knows who it was for.
        await connection.fetchval(
            "select record_read('Subscriber', $1::int8[])", [row["subscriber_id"]]
        )
    return Document(
        id=InvoiceDocumentId(row["id"]),
        file_name=_file_name(row["number"], language),
        size=row["size"],
        sha256=row["sha256"],
    )


async def _page(
    company_id: CompanyId,
    invoice_id: InvoiceId,
    language: InvoiceLanguage,
    keyring: Keyring,
    now: datetime,
) -> tuple[Page, PersonKey, SubscriberId]:
    async with access.tenant(company_id) as connection:
        found = await stored(connection, company_id=company_id, invoice_ids=[invoice_id])
        if not found:
            raise NotThere
        (invoice,) = found
        facts, contact = await parties(
            connection,
            company_id=company_id,
            account_id=invoice.account_id,
            keyring=keyring,
            now=now,
        )
        subscriber_id = SubscriberId(facts["subscriber_id"])
        key = await contacts.key_of(
            connection, keyring, company_id=company_id, subscriber_id=subscriber_id
        )
        refers_to = await connection.fetchval(NUMBER, company_id, invoice.refers_to)
    return _shown(invoice, facts, contact, refers_to, language), key, subscriber_id


def _shown(
    invoice: StoredInvoice,
    facts: Record,
    contact: Contact,
    refers_to: str | None,
    language: InvoiceLanguage,
) -> Page:
    words = WORDS[language]
    identity = contact.field("identity_number")
    tax = [part for part in (facts["tax_office"], facts["tax_number"]) if part]
    return Page(
        invoice=invoice,
        company=Party(
            name=facts["name"],
            lines=[*(facts["address"] or "").splitlines(), *([" · ".join(tax)] if tax else [])],
        ),
        customer=Party(
            name=contact.field("name") or "",
            lines=[
                *contact.invoice_address,
                *([f"{words['tax_number']}: {identity}"] if identity else []),
            ],
        ),
        account_number=facts["account_number"],
        premises=facts["premises"],
        refers_to=refers_to,
        zone=ZoneInfo(facts["time_zone"]),
        language=language,
    )

"""Handing e-invoices over, and remembering how far each is."""

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from db import access
from db.access import Connection, DatabaseUnavailable
from db.enums import TransmissionState
from db.ids import CompanyId, InvoiceId
from domain.einvoices.integrator import (
    EInvoiceIntegrator,
    Envelope,
    IntegratorRefused,
    IntegratorUnreachable,
)
from domain.einvoices.ubl import Answered, Trader, ubl, uuid_of
from domain.invoices.parties import parties
from domain.invoices.stored import stored
from domain.refusals import NotThere
from domain.subscribers.keyring import Keyring

log = logging.getLogger(__name__)

RETRY_AFTER = timedelta(minutes=10)
CHUNK_INVOICES = 20
ERROR_CHARACTERS_MAX = 500

# Of companies that hand theirs over, those that nobody has begun to.
QUEUE = """
    insert into einvoice (company_id, invoice_id, state, next_try_at)
    select i.company_id, i.id, 'WAITING', $1
    from invoice i
    join company c on c.id = i.company_id and i.issued_at >= c.einvoices_since
    where not exists (select from einvoice e
            where e.company_id = i.company_id and e.invoice_id = i.id)
    order by i.company_id, i.id limit $2
    on conflict do nothing
"""
# Whoever takes one keeps the others from it until it should be over.
TAKE = """
    update einvoice set next_try_at = $1::timestamptz + $2, attempts = attempts + 1
    where (company_id, invoice_id) in (
        select company_id, invoice_id from einvoice
        where state = 'WAITING' and next_try_at <= $1
        order by next_try_at limit $3 for update skip locked)
    returning company_id, invoice_id
"""
END = """
    update einvoice set state = $3, uuid = $4, reference = $5, error = $6, ended_at = $7
    where company_id = $1 and invoice_id = $2
"""
ANSWERED = "select number, issue_date from invoice where company_id = $1 and id = $2"
TRIED = "update einvoice set error = $3 where company_id = $1 and invoice_id = $2"


async def transmit(integrator: EInvoiceIntegrator, *, keyring: Keyring, now: datetime) -> int:
    """Hand over what waits, and return how many were taken. Safe to repeat and to be killed in."""
    async with access.system() as connection:
        await connection.execute(QUEUE, now, CHUNK_INVOICES)
        taken = await connection.fetch(TAKE, now, RETRY_AFTER, CHUNK_INVOICES)
    return sum(
        [
            await _hand_over(
                integrator,
                CompanyId(row["company_id"]),
                InvoiceId(row["invoice_id"]),
                keyring=keyring,
                now=now,
            )
            for row in taken
        ]
    )


async def _hand_over(
    integrator: EInvoiceIntegrator,
    company_id: CompanyId,
    invoice_id: InvoiceId,
    *,
    keyring: Keyring,
    now: datetime,
) -> bool:
    try:
        async with access.tenant(company_id) as connection:
            envelope = await _envelope(connection, company_id, invoice_id, keyring, now)
        reference = await integrator.send(envelope)
    except IntegratorUnreachable as error:
        await _note(company_id, invoice_id, str(error))
        return False
    except (IntegratorRefused, NotThere) as error:
        await _end(company_id, invoice_id, TransmissionState.REFUSED, now, error=repr(error))
        return False
    except DatabaseUnavailable:
        raise
    except Exception as error:
        # A mistake of ours or a driver's: others are not kept back by it.
        log.exception("einvoices.failed", extra={"company": company_id, "invoice": invoice_id})
        await _note(company_id, invoice_id, type(error).__name__)
        return False
    await _end(company_id, invoice_id, TransmissionState.SENT, now, reference=reference)
    return True


async def _note(company_id: CompanyId, invoice_id: InvoiceId, error: str) -> None:
    async with access.system() as connection:
        await connection.execute(TRIED, company_id, invoice_id, error[:ERROR_CHARACTERS_MAX])


async def _end(
    company_id: CompanyId,
    invoice_id: InvoiceId,
    state: TransmissionState,
    now: datetime,
    *,
    reference: str | None = None,
    error: str | None = None,
) -> None:
    async with access.system() as connection:
        await connection.execute(
            END,
            company_id,
            invoice_id,
            state,
            uuid_of(company_id, invoice_id),
            reference,
            None if error is None else error[:ERROR_CHARACTERS_MAX],
            now,
        )


async def _envelope(
    connection: Connection,
    company_id: CompanyId,
    invoice_id: InvoiceId,
    keyring: Keyring,
    now: datetime,
) -> Envelope:
    (invoice,) = await stored(connection, company_id=company_id, invoice_ids=[invoice_id])
    facts, contact = await parties(
        connection, company_id=company_id, account_id=invoice.account_id, keyring=keyring, now=now
    )
    document_uuid = uuid_of(company_id, invoice_id)
    answered = await connection.fetchrow(ANSWERED, company_id, invoice.refers_to)
    xml = ubl(
        invoice,
        document_uuid=document_uuid,
        issued_at=invoice.issued_at.astimezone(ZoneInfo(facts["time_zone"])),
        supplier=Trader(
            name=facts["name"],
            identity=facts["tax_number"],
            address=(facts["address"] or "").splitlines(),
            tax_office=facts["tax_office"],
        ),
        customer=Trader(
            name=contact.field("name") or "",
            identity=contact.field("identity_number"),
            address=contact.invoice_address,
        ),
        answered=None if answered is None else Answered(**dict(answered)),
    )
    return Envelope(uuid=document_uuid, number=invoice.number, xml=xml)

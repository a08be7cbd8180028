"""Notices of overdue invoices, and the proof that they arrived."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from db import access
from db.access import Connection
from db.enums import DeliveryMethod, MessageChannel
from db.ids import AccountId, CompanyId, InvoiceId, MessageId, NoticeId
from domain import rows, values
from domain.listing import Record
from domain.messages.facts import Money, OverdueNotice
from domain.messages.payers import payers_of
from domain.messages.queue import put_all
from domain.money import major
from domain.notices.rules import GATING_NOTICE, earliest_cut
from domain.refusals import InvalidValue, NotThere, Refused, StaleVersion

EVIDENCE_CHARACTERS_MAX = 500

# Locked, so that two notices of one invoice do not get one number.
INVOICE = """
    select i.id, i.account_id, i.number, i.currency, i.due_date,
        i.total_micro - i.paid_micro - i.credited_micro as open_micro,
        ($3::timestamptz at time zone c.time_zone)::date as today
    from invoice i join company c on c.id = i.company_id
    where i.company_id = $1 and i.id = $2 and i.kind = 'MONTHLY' for no key update of i
"""
LAST = """
    select number, delivered_at from overdue_notice
    where company_id = $1 and invoice_id = $2 order by number desc limit 1
"""
NOTICE = """
    select issued_at, delivered_at, version from overdue_notice
    where company_id = $1 and id = $2 for no key update
"""
DELIVERED = """
    update overdue_notice set delivered_at = $3, delivery_method = $4, delivery_evidence = $5,
        version = version + 1
    where company_id = $1 and id = $2
"""
GATE = """
    select n.delivered_at, c.time_zone, c.notice_working_days,
        array(select h.day from holiday h where h.company_id = c.id) as holidays
    from overdue_notice n join company c on c.id = n.company_id
    where n.company_id = $1 and n.invoice_id = $2 and n.number = $3
        and n.delivered_at is not null
"""


class NotOverdue(Refused):
    """The invoice is paid, or its last day is not over."""


class NoticeUndelivered(Refused):
    """Nothing proves that the notice before arrived."""


class NotNext(Exception):
    """Another notice is next than the one that was asked for."""


class NoticeDelivered(Refused):
    """It is proven already that the notice arrived."""


async def issue(
    *, company_id: CompanyId, invoice_id: InvoiceId, number: int | None = None, now: datetime
) -> NoticeId:
    """Tell the payer of an overdue invoice; each notice has the next number.

    What proves that it arrived is noted by itself where its message can, or by `record_delivery`.

    number: the one that is expected to be next; None: any.

    :raises NotThere, NotOverdue, NoticeUndelivered: nothing was written
    :raises NotNext: likewise; only where a number was given
    """
    async with access.tenant(company_id) as connection:
        invoice = await connection.fetchrow(INVOICE, company_id, invoice_id, now)
        if invoice is None:
            raise NotThere("invoice_id")
        if invoice["open_micro"] == 0 or invoice["today"] <= invoice["due_date"]:
            raise NotOverdue("invoice_id")
        last = await connection.fetchrow(LAST, company_id, invoice_id)
        if last is not None and last["delivered_at"] is None:
            raise NoticeUndelivered("invoice_id")
        following = 1 if last is None else last["number"] + 1
        if number not in (None, following):
            raise NotNext
        message_ids = await _tell(connection, company_id, invoice, following, now)
        notice_id = await rows.insert(
            connection,
            "overdue_notice",
            company_id=company_id,
            invoice_id=invoice_id,
            number=following,
            issued_at=now,
            open_micro=invoice["open_micro"],
            message_id=message_ids[0] if message_ids else None,
        )
    return NoticeId(notice_id)


async def _tell(
    connection: Connection,
    company_id: CompanyId,
    invoice: Record,
    number: int,
    now: datetime,
) -> list[MessageId]:
    """Queue the notice by each channel by which the payer is reached; return the messages."""
    account_id = AccountId(invoice["account_id"])
    payers = await payers_of(connection, company_id=company_id, account_ids=[account_id])
    payer = payers[account_id]
    facts = OverdueNotice(
        account=payer.account_number,
        number=invoice["number"],
        notice=number,
        open=Money(major(invoice["open_micro"]), invoice["currency"]),
        due_date=invoice["due_date"],
        gates_cut=number >= GATING_NOTICE,
    )
    # By mail first, where it goes by several: a mailbox can prove that it arrived.
    channels = sorted(payer.channels, key=lambda one: one is not MessageChannel.MAIL)
    tellings = payer.tellings(facts, channels, reference_id=invoice["id"])
    return await put_all(connection, company_id=company_id, tellings=tellings, now=now)


async def record_delivery(
    *,
    company_id: CompanyId,
    notice_id: NoticeId,
    expected_version: int,
    method: DeliveryMethod,
    evidence: str,
    delivered_at: datetime,
    now: datetime,
) -> NoticeId:
    """Say that a notice arrived. evidence: what proves it, such as the number of a receipt.

    :raises NotThere, StaleVersion, NoticeDelivered, InvalidValue, InTheFuture: nothing was written
    """
    evidence = values.name(evidence, "evidence", characters_max=EVIDENCE_CHARACTERS_MAX)
    values.past(delivered_at, "delivered_at", now=now)
    async with access.tenant(company_id) as connection:
        notice = await connection.fetchrow(NOTICE, company_id, notice_id)
        if notice is None:
            raise NotThere
        if notice["version"] != expected_version:
            raise StaleVersion(notice_id)
        if notice["delivered_at"] is not None:
            raise NoticeDelivered("id")
        if delivered_at < notice["issued_at"]:
            raise InvalidValue("delivered_at", expected="a time after the notice was issued")
        await connection.execute(DELIVERED, company_id, notice_id, delivered_at, method, evidence)
    return notice_id


async def cut_allowed_from(
    connection: Connection, *, company_id: CompanyId, invoice_id: InvoiceId
) -> date | None:
    """Return the local day from which an overdue invoice may cost the supply; None: not yet.

    Whether anything of it is still open is for the caller to see.
    """
    gate = await connection.fetchrow(GATE, company_id, invoice_id, GATING_NOTICE)
    if gate is None:
        return None
    return earliest_cut(
        gate["delivered_at"].astimezone(ZoneInfo(gate["time_zone"])).date(),
        working_days=gate["notice_working_days"],
        holidays=frozenset(gate["holidays"]),
    )

"""Bank transfers: keeping what a statement says once, matching it, and deciding about the rest."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from db import access
from db.access import Connection
from db.enums import PaymentMethod, TransferState
from db.ids import AccountId, CompanyId, InvoiceId, JobId, PaymentId, TransferId
from domain import values
from domain.ledger.posting import LOCK_BALANCES
from domain.ledger.rules import REASON_CHARACTERS_MAX
from domain.listing import Record
from domain.money import major, micro
from domain.payments import operations
from domain.payments.entries import Transfer
from domain.payments.matching import Guess, Match, OpenInvoice, judged, proves, words
from domain.payments.operations import REFERENCE_CHARACTERS_MAX
from domain.refusals import NotThere, Refused, StaleVersion
from domain.tariffs.schedule import day_start

COMPANY = "select currency, time_zone from company where id = $1"
ADD = """
    insert into bank_transfer (company_id, job_id, booked_date, amount_micro, currency, text,
        bank_reference, digest, occurrence, imported_at, state)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'REVIEW')
    on conflict (company_id, digest, occurrence) do nothing
    returning *
"""
NAMED = """
    select id, account_id, total_micro - paid_micro - credited_micro as open_micro from invoice
    where company_id = $1 and number = any($2::text[]) and kind = 'MONTHLY' order by id
"""
ACCOUNTS = """
    select id, number from account where company_id = $1 and number = any($2::text[]) order by id
"""
ALIKE = """
    select id from invoice
    where company_id = $1 and kind = 'MONTHLY' and total_micro > paid_micro + credited_micro
        and total_micro - paid_micro - credited_micro = $2
    order by id limit 2
"""
# A bank's statements in two formats tell the same transfer in two ways.
TOLD_OTHERWISE = """
    select exists (
        select from bank_transfer where company_id = $1 and booked_date = $2
            and (amount_micro, currency, bank_reference) = ($3, $4, $5) and digest <> $6
            and job_id <> $7)
"""
TRANSFER = "select * from bank_transfer where company_id = $1 and id = $2 for no key update"
MATCHED = """
    update bank_transfer set state = 'MATCHED', payment_id = $3, decided_at = $4,
        version = version + 1
    where company_id = $1 and id = $2
"""
SUGGEST = """
    update bank_transfer set suggested_invoice_id = $3 where company_id = $1 and id = $2
"""
IGNORE = """
    update bank_transfer set state = 'IGNORED', ignored_because = $3, decided_at = $4,
        version = version + 1
    where company_id = $1 and id = $2
"""


class TransferDecided(Refused):
    """Somebody has decided about the transfer, or it found its invoice by itself."""


class OtherCurrency(Refused):
    """The money is not in the company's currency, but in the fact `currency`."""


async def take_in(
    connection: Connection,
    transfers: Sequence[Transfer],
    *,
    company_id: CompanyId,
    job_id: JobId,
    now: datetime,
) -> dict[str, int]:
    """Keep transfers that are new, and post those that say whose they are.

    Returns how many were matched, wait for review, or were known already.
    """
    company = await connection.fetchrow(COMPANY, company_id)
    if company is None:
        raise NotThere
    added = [
        await connection.fetchrow(
            ADD,
            company_id,
            job_id,
            transfer.booked_date,
            micro(transfer.amount),
            transfer.currency,
            transfer.text,
            transfer.bank_reference,
            transfer.digest,
            transfer.occurrence,
            now,
        )
        for transfer in transfers
    ]
    new = [row for row in added if row is not None]
    verdicts = [await _verdict(connection, company_id, row, company) for row in new]
    accounts = [verdict.account_id for verdict in verdicts if isinstance(verdict, Match)]
    # All at once and in their order: a statement has them in any.
    await connection.fetch(LOCK_BALANCES, company_id, accounts)
    matched = [await _decide(connection, company_id, row, company, now) for row in new]
    return {
        "matched": sum(matched),
        "review": len(new) - sum(matched),
        "known": len(added) - len(new),
    }


async def match(
    *,
    company_id: CompanyId,
    transfer_id: TransferId,
    expected_version: int,
    account_id: AccountId,
    invoice_id: InvoiceId | None,
    now: datetime,
) -> TransferId:
    """Say whose money a transfer is, which makes it a payment.

    :raises NotThere, StaleVersion, TransferDecided, OtherCurrency, InvalidValue: nothing was
        written
    """
    async with access.tenant(company_id) as connection:
        row = await _waiting(connection, company_id, transfer_id, expected_version)
        company = await connection.fetchrow(COMPANY, company_id)
        if company is None or company["currency"] != row["currency"]:
            raise OtherCurrency("id", currency=row["currency"])
        await _pay(connection, company_id, row, Match(account_id, invoice_id), company, now)
    return transfer_id


async def ignore(
    *,
    company_id: CompanyId,
    transfer_id: TransferId,
    expected_version: int,
    reason: str,
    now: datetime,
) -> TransferId:
    """Say that a transfer pays nothing here.

    :raises NotThere, StaleVersion, TransferDecided, InvalidValue: nothing was written
    """
    reason = values.name(reason, "reason", characters_max=REASON_CHARACTERS_MAX)
    async with access.tenant(company_id) as connection:
        await _waiting(connection, company_id, transfer_id, expected_version)
        await connection.execute(IGNORE, company_id, transfer_id, reason, now)
    return transfer_id


async def _waiting(
    connection: Connection, company_id: CompanyId, transfer_id: TransferId, expected_version: int
) -> Record:
    row = await connection.fetchrow(TRANSFER, company_id, transfer_id)
    if row is None:
        raise NotThere
    if row["version"] != expected_version:
        raise StaleVersion(transfer_id)
    if row["state"] != TransferState.REVIEW:
        raise TransferDecided("id")
    return row


async def _decide(
    connection: Connection, company_id: CompanyId, row: Record, company: Record, now: datetime
) -> bool:
    verdict = await _verdict(connection, company_id, row, company)
    match verdict:
        case Match():
            await _pay(connection, company_id, row, verdict, company, now)
            return True
        case Guess(suggestion):
            await connection.execute(SUGGEST, company_id, row["id"], suggestion)
            return False


async def _verdict(
    connection: Connection, company_id: CompanyId, row: Record, company: Record
) -> Match | Guess:
    if company["currency"] != row["currency"]:
        return Guess(None)
    names = ("booked_date", "amount_micro", "currency", "bank_reference", "digest", "job_id")
    if await connection.fetchval(TOLD_OTHERWISE, company_id, *(row[name] for name in names)):
        return Guess(None)
    tokens = words(row["text"])
    alike = await connection.fetch(ALIKE, company_id, row["amount_micro"])
    accounts = await connection.fetch(ACCOUNTS, company_id, tokens)
    return judged(
        named=[
            OpenInvoice(InvoiceId(one["id"]), AccountId(one["account_id"]), one["open_micro"])
            for one in await connection.fetch(NAMED, company_id, tokens)
        ],
        accounts=[AccountId(one["id"]) for one in accounts if proves(one["number"], row["text"])],
        doubtful=[
            AccountId(one["id"]) for one in accounts if not proves(one["number"], row["text"])
        ],
        alike=[InvoiceId(one["id"]) for one in alike],
    )


async def _pay(
    connection: Connection,
    company_id: CompanyId,
    row: Record,
    found: Match,
    company: Record,
    now: datetime,
) -> PaymentId:
    day = day_start(row["booked_date"], ZoneInfo(company["time_zone"]))
    payment_id = await operations.record_within(
        connection,
        company_id=company_id,
        account_id=found.account_id,
        amount=major(row["amount_micro"]),
        method=PaymentMethod.BANK_TRANSFER,
        reference=(row["bank_reference"] or "")[:REFERENCE_CHARACTERS_MAX].strip() or None,
        received_at=min(day, now),
        # Of each time that it is matched: what it became before may have been reversed.
        key=f"bank-transfer/{row['id']}/{row['version']}",
        invoice_id=found.invoice_id,
        now=now,
    )
    await connection.execute(MATCHED, company_id, row["id"], payment_id, now)
    return payment_id

"""Settling accounts that have ended: what is left is paid out, what lacks is claimed as debt."""

from collections.abc import Sequence
from datetime import datetime

from db import access
from db.access import Connection
from db.enums import JournalKind, LedgerAccountKind, RefundWay
from db.ids import AccountId, CompanyId, JournalId
from domain import values
from domain.accounts.rules import Settlement, settlement
from domain.invoices import own_credit
from domain.ledger.posting import IdempotencyConflict, hash_of, made_before, post
from domain.ledger.reversal import reverse
from domain.ledger.rules import REASON_CHARACTERS_MAX, Line, Posting
from domain.listing import Record
from domain.money import major
from domain.payments import allocation
from domain.refusals import NotThere, Refused
from domain.tariffs.tax_in_advance import with_taxes

WISH_CHARACTERS_MAX = 100

PAID_FROM = {
    RefundWay.CASH: LedgerAccountKind.CASH,
    RefundWay.BANK: LedgerAccountKind.BANK,
}

HOLD_BALANCE = """
    select balance_micro, debt_micro, emergency_used_micro, in_flight_micro from account_balance
    where company_id = $1 and account_id = $2 for no key update
"""
IS_CLOSED = "select closed_at is not null from account where company_id = $1 and id = $2"
MADE = """
    select j.id, r.id is not null as is_reversed, r.request_hash as reversal_hash, r.reason
    from journal j
    left join journal r on r.company_id = j.company_id and r.corrects = j.id
    where j.company_id = $1 and j.kind = 'SETTLEMENT' and j.id in (
        select journal_id from entry where company_id = $1 and account_id = $2)
    order by j.id desc
"""


class PaymentInFlight(Refused):
    """A payment is not confirmed yet; wait for it, or let it lapse."""


class NotClosed(Refused):
    """The account has not ended."""


class NothingSettled(Refused):
    """No settlement of the account stands."""


async def settle(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_id: AccountId,
    refund_by: RefundWay,
    now: datetime,
    idempotency_key: str | None = None,
) -> None:
    """Settle an account, in the caller's transaction, which has charged it to its end.

    idempotency_key: of the books; by default, the account's next.

    :raises PaymentInFlight, NotThere: nothing was written
    """
    standing = await connection.fetchrow(HOLD_BALANCE, company_id, account_id)
    if standing is None:
        raise NotThere
    if standing["in_flight_micro"] != 0:
        raise PaymentInFlight("id")
    settled = settlement(
        balance_micro=standing["balance_micro"],
        debt_micro=standing["debt_micro"],
        emergency_used_micro=standing["emergency_used_micro"],
    )
    lines = _lines(settled, account_id, refund_by)
    if not lines:
        return
    number = len(await connection.fetch(MADE, company_id, account_id)) + 1
    posting = Posting(
        company_id=company_id,
        kind=JournalKind.SETTLEMENT,
        idempotency_key=idempotency_key or f"settlement/{account_id}/{number}",
        request=refund_by,
        occurred_at=now,
        lines=lines,
    )
    journal_id = await post(connection, await with_taxes(connection, posting), now=now)
    await allocation.give_left(
        connection,
        company_id=company_id,
        account_id=account_id,
        journal_id=journal_id,
        amount_micro=settled.credit,
        now=now,
    )
    await own_credit.settle(
        connection,
        company_id=company_id,
        account_ids=[account_id],
        paid_out=journal_id,
        now=now,
    )


async def settle_closed(
    *,
    company_id: CompanyId,
    account_id: AccountId,
    refund_by: RefundWay,
    idempotency_key: str,
    now: datetime,
) -> AccountId:
    """Settle what came to an account after its end, late readings, say: once per idempotency key.

    :raises NotClosed, PaymentInFlight, IdempotencyConflict, InvalidValue, NotThere: nothing was
        written
    """
    key = f"settlement/{account_id}/by/{_wish(idempotency_key)}"
    async with access.tenant(company_id) as connection:
        is_closed = await connection.fetchval(IS_CLOSED, company_id, account_id)
        if is_closed is False:
            raise NotClosed("id")
        made = await made_before(
            connection,
            company_id=company_id,
            kind=JournalKind.SETTLEMENT,
            idempotency_key=key,
            request=refund_by,
        )
        if made is None:
            await settle(
                connection,
                company_id=company_id,
                account_id=account_id,
                refund_by=refund_by,
                now=now,
                idempotency_key=key,
            )
    return account_id


async def reverse_settlement(
    *,
    company_id: CompanyId,
    account_id: AccountId,
    reason: str,
    idempotency_key: str,
    now: datetime,
) -> AccountId:
    """Undo the last settlement of an account that stands, by its exact opposite: once per key.

    :raises NothingSettled, IdempotencyConflict, InvalidValue: nothing was written
    """
    request = f"by/{_wish(idempotency_key)}"
    reason = values.name(reason, "reason", characters_max=REASON_CHARACTERS_MAX)
    async with access.tenant(company_id) as connection:
        made = await _made(connection, company_id, account_id)
        # The last one that stands is another when the first try has undone it.
        undone = [row for row in made if row["reversal_hash"] == hash_of(request)]
        if undone:
            if undone[0]["reason"] != reason:
                raise IdempotencyConflict
            return account_id
        standing = _standing(made)
        if not standing:
            raise NothingSettled("id")
        await _undo(connection, company_id, account_id, standing[:1], reason, now, request=request)
    return account_id


def _wish(idempotency_key: str) -> str:
    return values.name(idempotency_key, "idempotency_key", characters_max=WISH_CHARACTERS_MAX)


async def reverse_all(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_id: AccountId,
    reason: str,
    now: datetime,
) -> None:
    """Undo all settlements of an account that stand, the last one first.

    Joins the caller's transaction, in which the account has not ended any more.
    """
    standing = _standing(await _made(connection, company_id, account_id))
    await _undo(connection, company_id, account_id, standing, reason, now)


async def _undo(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    journal_ids: Sequence[JournalId],
    reason: str,
    now: datetime,
    *,
    request: str | None = None,
) -> None:
    """Undo settlements; what they took of payments is there again, and pays what is open."""
    for journal_id in journal_ids:
        await reverse(
            connection,
            company_id=company_id,
            journal_id=journal_id,
            reason=reason,
            request=request,
            now=now,
        )
        await allocation.take_back(
            connection, company_id=company_id, journal_id=journal_id, now=now
        )
    await own_credit.settle(connection, company_id=company_id, account_ids=[account_id], now=now)
    await allocation.allocate_waiting(
        connection, company_id=company_id, account_ids=[account_id], now=now
    )


async def _made(
    connection: Connection, company_id: CompanyId, account_id: AccountId
) -> list[Record]:
    """Return the settlements of an account, the last one first; no other is made meanwhile."""
    await connection.fetchrow(HOLD_BALANCE, company_id, account_id)
    return await connection.fetch(MADE, company_id, account_id)


def _standing(made: Sequence[Record]) -> list[JournalId]:
    return [JournalId(row["id"]) for row in made if not row["is_reversed"]]


def _lines(settled: Settlement, account_id: AccountId, refund_by: RefundWay) -> list[Line]:
    moved = (
        (LedgerAccountKind.CREDIT, -settled.credit, account_id),
        (LedgerAccountKind.EMERGENCY_CREDIT, settled.emergency_repaid, account_id),
        (LedgerAccountKind.DEBT, settled.debt_paid, account_id),
        (PAID_FROM[refund_by], settled.refunded, None),
    )
    return [Line(side, major(amount), whose) for side, amount, whose in moved if amount != 0]

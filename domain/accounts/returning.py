"""Taking back a change of tenancy, as if nobody had taken over.

What was charged to the successor is charged to the account that ended, which goes on; the successor
ends, and what it paid is paid out to it.
"""

from datetime import datetime

from db import access
from db.access import Connection
from db.enums import RefundWay
from db.ids import AccountId, CompanyId
from domain import rows, values
from domain.accounts import reopening
from domain.accounts.closing import IS_OWNERS
from domain.accounts.settling import settle
from domain.ledger.rules import REASON_CHARACTERS_MAX
from domain.listing import Record
from domain.month_charges.at_once import charge_waiting
from domain.refusals import InUse, Refused
from domain.tariffs.flows import INSTANT
from domain.topups.lapsing import let_lapse

SUCCESSOR = """
    select s.id, s.opened_at, s.version from account s
    where s.company_id = $1 and s.premises_id = $2 and s.opened_at = $3 and s.closed_at is null
        and s.id > $4 and exists (
            select from account_point former
            join account_point ap on ap.company_id = former.company_id
                and ap.point_id = former.point_id and ap.account_id = s.id
                and ap.started_at = former.ended_at and ap.ended_at is null
            where former.company_id = $1 and former.account_id = $4 and former.ended_at = $3)
    for no key update of s
"""
PAYS_STILL = """
    select exists (select from account_point
        where company_id = $1 and account_id = $2 and ended_at is null)
"""


class NotTakenOver(Refused):
    """No account that is still open took this one over."""


async def take_back(
    *,
    company_id: CompanyId,
    account_id: AccountId,
    expected_version: int,
    reason: str,
    refund_by: RefundWay,
    now: datetime,
) -> AccountId:
    """Let an account go on that another has taken over, and end that one. Repeatable.

    reason: stays in the books, with the reversal of what was settled. refund_by: how the successor
        gets back what it paid; what it owes is debt.
    Returns the account that goes on.

    :raises NotTakenOver, InUse, PaymentInFlight: nobody took over, or the successor cannot end
    :raises Refused: whatever `reopening.reopen` refuses; nothing was written
    """
    reason = values.name(reason, "reason", characters_max=REASON_CHARACTERS_MAX)
    async with access.tenant(company_id) as connection:
        account = await reopening.hold(connection, company_id, account_id)
        if reopening.has_gone_on(account, expected_version):
            return account_id
        successor = await connection.fetchrow(
            SUCCESSOR, company_id, account.premises_id, account.closed_at, account_id
        )
        # Once it is held: it may have become the owner's meanwhile.
        if successor is None or await connection.fetchval(IS_OWNERS, company_id, successor["id"]):
            raise NotTakenOver("id")
        successor_id = AccountId(successor["id"])
        # Whoever books a payment holds that first, and the balance then.
        await let_lapse(connection, company_id=company_id, account_id=successor_id, now=now)
        await reopening.go_on(
            connection,
            company_id=company_id,
            account_id=account_id,
            expected_version=expected_version,
            account=account,
            heir_id=successor_id,
            reason=reason,
            now=now,
        )
        await _end(connection, company_id, successor, refund_by, now)
    return account_id


async def _end(
    connection: Connection,
    company_id: CompanyId,
    successor: Record,
    refund_by: RefundWay,
    now: datetime,
) -> None:
    """End the successor, which pays for nothing any more, and settle it."""
    account_id = AccountId(successor["id"])
    if await connection.fetchval(PAYS_STILL, company_id, account_id):
        raise InUse("id")
    await rows.change(
        connection,
        "account",
        company_id=company_id,
        row_id=account_id,
        expected_version=successor["version"],
        # A clock ahead of ours may have told when it began.
        changes={"closed_at": max(now, successor["opened_at"] + INSTANT)},
    )
    await charge_waiting(connection, company_id=company_id, account_id=account_id, now=now)
    await settle(
        connection, company_id=company_id, account_id=account_id, refund_by=refund_by, now=now
    )

"""Suspending accounts for a while, at somebody's wish or by decision, and taking that back."""

from datetime import datetime

from db import access
from db.access import Connection
from db.ids import AccountId, CompanyId
from domain import rows, values
from domain.refusals import NotThere, Refused
from domain.warnings import asking

REASON_CHARACTERS_MAX = 500

HOLD = """
    select closed_at, suspended_at from account where company_id = $1 and id = $2 for no key update
"""


class AccountClosed(Refused):
    """The account has ended: nothing about it changes any more."""


class AlreadySuspended(Refused):
    """The account is suspended since the fact `since`."""


class NotSuspended(Refused):
    """The account is not suspended."""


async def hold_open(
    connection: Connection, *, company_id: CompanyId, account_id: AccountId
) -> datetime | None:
    """Keep an account open until the transaction ends; return since when it is suspended.

    :raises NotThere, AccountClosed: there is no such account, or not any more
    """
    row = await connection.fetchrow(HOLD, company_id, account_id)
    if row is None:
        raise NotThere
    if row["closed_at"] is not None:
        raise AccountClosed("id")
    suspended_at: datetime | None = row["suspended_at"]
    return suspended_at


async def suspend(
    *,
    company_id: CompanyId,
    account_id: AccountId,
    expected_version: int,
    reason: str,
    now: datetime,
) -> AccountId:
    """Suspend an account: its energy is charged on, but nobody is warned and nothing bought by it.

    :raises AlreadySuspended, AccountClosed, StaleVersion, NotThere, InvalidValue: nothing was
        written
    """
    reason = values.name(reason, "reason", characters_max=REASON_CHARACTERS_MAX)
    async with access.tenant(company_id) as connection:
        since = await hold_open(connection, company_id=company_id, account_id=account_id)
        if since is not None:
            raise AlreadySuspended("id", since=since.isoformat())
        await rows.change(
            connection,
            "account",
            company_id=company_id,
            row_id=account_id,
            expected_version=expected_version,
            changes={"suspended_at": now, "suspension_reason": reason},
        )
        await asking.ask(connection, company_id=company_id, account_id=account_id)
    return account_id


async def resume(
    *, company_id: CompanyId, account_id: AccountId, expected_version: int
) -> AccountId:
    """Take a suspension back.

    :raises NotSuspended, AccountClosed, StaleVersion, NotThere: nothing was written
    """
    async with access.tenant(company_id) as connection:
        if await hold_open(connection, company_id=company_id, account_id=account_id) is None:
            raise NotSuspended("id")
        await rows.change(
            connection,
            "account",
            company_id=company_id,
            row_id=account_id,
            expected_version=expected_version,
            changes={"suspended_at": None, "suspension_reason": None},
        )
        await asking.ask(connection, company_id=company_id, account_id=account_id)
    return account_id

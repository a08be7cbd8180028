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
IS_RESULT = """
    select version = $3 + 1 and suspension_reason is not distinct from $4 from account
    where company_id = $1 and id = $2
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

    A retry changes nothing.

    :raises AlreadySuspended, AccountClosed, StaleVersion, NotThere, InvalidValue: nothing was
        written
    """
    reason = values.name(reason, "reason", characters_max=REASON_CHARACTERS_MAX)
    async with access.tenant(company_id) as connection:
        since = await hold_open(connection, company_id=company_id, account_id=account_id)
        if since is not None:
            if await _was_made(connection, company_id, account_id, expected_version, reason):
                return account_id
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
    """Take a suspension back. A retry changes nothing.

    :raises NotSuspended, AccountClosed, StaleVersion, NotThere: nothing was written
    """
    async with access.tenant(company_id) as connection:
        if await hold_open(connection, company_id=company_id, account_id=account_id) is None:
            if await _was_made(connection, company_id, account_id, expected_version, None):
                return account_id
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


async def _was_made(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    expected_version: int,
    reason: str | None,
) -> bool:
    """Whether the account is what this very change makes of it. reason: of being suspended."""
    return bool(
        await connection.fetchval(IS_RESULT, company_id, account_id, expected_version, reason)
    )

"""Lending a little near the limit, until it is repaid (domain rule 3.8; ADR 9)."""

from datetime import datetime

from db import access
from db.enums import JournalKind, LedgerAccountKind
from db.ids import AccountId, CompanyId
from domain import values
from domain.accounts.queries import standings
from domain.accounts.suspension import hold_open
from domain.ledger.posting import made_before, post
from domain.ledger.rules import Line, Posting
from domain.listing import no_wall
from domain.money import major
from domain.refusals import Refused

KIND = JournalKind.EMERGENCY_CREDIT
WISH_CHARACTERS_MAX = 150

LOCK_BALANCE = """
    select true from account_balance where company_id = $1 and account_id = $2 for no key update
"""


class EmergencyCreditNotOffered(Refused):
    """The account has enough credit, has not repaid the last loan, or the company lends nothing."""


async def borrow(
    *, company_id: CompanyId, account_id: AccountId, idempotency_key: str, now: datetime
) -> AccountId:
    """Lend an account what the company offers, at most once per idempotency key of the account.

    :raises EmergencyCreditNotOffered, AccountClosed, InvalidValue, NotThere: nothing was written
    """
    wish = values.name(idempotency_key, "idempotency_key", characters_max=WISH_CHARACTERS_MAX)
    # Two subscribers may well have the same idea of a key.
    key = f"emergency/{account_id}/{wish}"
    wall = no_wall(company_id=company_id, now=now)
    async with access.tenant(company_id) as connection:
        await hold_open(connection, company_id=company_id, account_id=account_id)
        made = await made_before(
            connection,
            company_id=company_id,
            kind=KIND,
            idempotency_key=key,
            request=str(account_id),
        )
        if made is not None:
            return account_id
        await connection.execute(LOCK_BALANCE, company_id, account_id)
        standing = (await standings(connection, [account_id], wall=wall))[account_id]
        if standing.emergency_offered_micro is None:
            raise EmergencyCreditNotOffered("account_id")
        amount = major(standing.emergency_offered_micro)
        posting = Posting(
            company_id=company_id,
            kind=KIND,
            idempotency_key=key,
            request=str(account_id),
            occurred_at=now,
            lines=[
                Line(LedgerAccountKind.CREDIT, amount, account_id),
                Line(LedgerAccountKind.EMERGENCY_CREDIT, -amount, account_id),
            ],
        )
        await post(connection, posting, now=now)
    return account_id

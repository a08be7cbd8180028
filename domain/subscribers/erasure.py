"""Forgetting people: the key of their data is destroyed, and the books stay."""

from datetime import datetime

from db import access
from db.enums import ErasureReason
from db.ids import CompanyId, SubscriberId
from domain.identity import users
from domain.identity.rules import WHOLE_COMPANY, Place
from domain.refusals import NotThere, Refused
from domain.subscribers import contacts
from domain.topups.forgetting import forget_cards

# Whoever accepts an invitation or changes a membership has that row before the subscriber's.
HOLD_USERS = (
    "select from invitation where company_id = $1 and subscriber_id = $2 order by id for update",
    "select from membership where company_id = $1 and subscriber_id = $2 order by id for update",
)
LOCK = "select erased_at from subscriber where company_id = $1 and id = $2 for update"
OPEN_ACCOUNT = """
    select exists (select from account
        where company_id = $1 and subscriber_id = $2 and closed_at is null)
"""
# Beyond the place that whoever erases is confined to: who that is goes for all accounts.
ACCOUNT_ELSEWHERE = """
    select exists (
        select from account a
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        join field f on f.company_id = p.company_id and f.id = p.field_id
        where a.company_id = $1 and a.subscriber_id = $2
            and not (f.branch_id = coalesce($3, f.branch_id) and f.id = coalesce($4, f.id)))
"""
ACCOUNTS = "select id from account where company_id = $1 and subscriber_id = $2"
NOTHING = ", ".join(f"{name} = null" for name in contacts.CHECKS)
STATEMENTS = (
    "delete from person_key where company_id = $1 and subscriber_id = $2",
    "delete from contact_token where company_id = $1 and subscriber_id = $2",
    f"update subscriber_contact set {NOTHING} where company_id = $1 and subscriber_id = $2",
    """update message set recipient = null, body = null
    where company_id = $1 and subscriber_id = $2""",
    "update protection_proof set detail = null where company_id = $1 and subscriber_id = $2",
    # What the person, or somebody about them, wrote with payments and for proofs.
    f"""update bank_transfer set text = '', version = version + 1
    where company_id = $1 and text <> '' and payment_id in (
        select id from payment where company_id = $1 and account_id in ({ACCOUNTS}))""",
    f"""update payment set reference = null, version = version + 1
    where company_id = $1 and reference is not null and account_id in ({ACCOUNTS})""",
    f"""update overdue_notice set delivery_evidence = 'ERASED', version = version + 1
    where company_id = $1 and delivery_evidence is not null and invoice_id in (
        select id from invoice where company_id = $1 and account_id in ({ACCOUNTS}))""",
)
MARK = """
    update subscriber set erased_at = $3, erasure_reason = $4, version = version + 1
    where company_id = $1 and id = $2
"""


class AccountsElsewhere(Refused):
    """The subscriber has an account beyond the place of whoever would erase it."""


class AccountOpen(Refused):
    """The subscriber has an account that is not closed: the contract needs to know who it is."""


async def erase(
    *,
    company_id: CompanyId,
    subscriber_id: SubscriberId,
    reason: ErasureReason,
    place: Place = WHOLE_COMPANY,
    now: datetime,
) -> SubscriberId:
    """Destroy a person's data for good, and its users' as well; accounts and books stay.

    Saved cards are removed, and providers forget them within minutes of being reachable.
    Repeating it changes nothing. Backups keep the data as long as they are kept themselves.

    place: to what whoever erases is confined; all accounts have to be there, closed ones as well.

    :raises AccountsElsewhere, AccountOpen, NotThere: nothing was written
    """
    # Users are of no company: only `system` makes them anonymous.
    async with access.system(company_id) as connection:
        for statement in HOLD_USERS:
            await connection.execute(statement, company_id, subscriber_id)
        # For update: who opens an account for the subscriber waits, and finds it erased.
        row = await connection.fetchrow(LOCK, company_id, subscriber_id)
        if row is None:
            raise NotThere
        if row["erased_at"] is not None:
            return subscriber_id
        if await connection.fetchval(
            ACCOUNT_ELSEWHERE, company_id, subscriber_id, place.branch_id, place.field_id
        ):
            raise AccountsElsewhere("id")
        if await connection.fetchval(OPEN_ACCOUNT, company_id, subscriber_id):
            raise AccountOpen("id")
        for statement in STATEMENTS:
            await connection.execute(statement, company_id, subscriber_id)
        await forget_cards(connection, company_id=company_id, subscriber_id=subscriber_id, now=now)
        await users.remove_of_subscriber(
            connection, company_id=company_id, subscriber_id=subscriber_id, now=now
        )
        await connection.execute(MARK, company_id, subscriber_id, now, reason)
    return subscriber_id

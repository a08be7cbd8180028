"""Taking back the end of an account, as if it had never ended.

What its points consumed meanwhile is charged to it, and to the premises' owner no more; what was
settled is reversed by a counter-entry. Not once another account has taken its points.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from db import access
from db.access import Connection
from db.ids import AccountId, CompanyId, MeterId, PointId, PremisesId, SubscriberId
from domain import rows, values
from domain.accounts.assignments import MOUNTED, PointElsewhere, PointPaidFor, lock_points
from domain.accounts.settling import NotClosed, reverse_all
from domain.accounts.sharing import AccountElsewhere
from domain.billing import submeters
from domain.billing.resettling import charged_anew
from domain.hierarchy import parents
from domain.ledger.rules import REASON_CHARACTERS_MAX
from domain.month_charges import due
from domain.refusals import NotThere, ParentInactive, Refused
from domain.subscribers.operations import hold_present
from domain.tariffs.deductible import check_deductible
from domain.warnings import asking

# All that was read since is charged once more, in a transaction of five seconds.
REOPENED_WITHIN = timedelta(days=31)

ENDED = """
    select a.premises_id, a.subscriber_id, a.closed_at, a.version, p.owner_account_id
    from account a join premises p on p.company_id = a.company_id and p.id = a.premises_id
    where a.company_id = $1 and a.id = $2 for no key update of a
"""
LEFT = """
    select point_id, sharing_id, share_ppm < 1000000 as was_shared from account_point
    where company_id = $1 and account_id = $2 and ended_at = $3 order by point_id
"""
# Who has begun there since. The heir has at the very end, and so have those anew who share what was
# shared with the account.
TAKEN = """
    select ap.point_id from account_point ap
    where ap.company_id = $1 and ap.point_id = any($2::int8[]) and ap.started_at >= $3
        and not (ap.started_at = $3 and ap.ended_at is null and (
            ap.account_id is not distinct from $4 or ap.account_id in (
                select o.account_id from account_point o
                where o.company_id = ap.company_id and o.point_id = ap.point_id
                    and o.sharing_id = any($5::int8[]))))
    order by ap.point_id limit 1
"""
IS_ELSEWHERE = """
    select exists (
        select from premises own
        join metering_point m on m.company_id = own.company_id and m.id = any($3::int8[])
        join premises p on p.company_id = m.company_id and p.id = m.premises_id
        where own.company_id = $1 and own.id = $2 and p.field_id <> own.field_id)
"""
FORGET = """
    delete from account_point where company_id = $1 and point_id = any($2::int8[])
        and started_at = $3
"""
RESTORE = """
    update account_point set ended_at = null, final_index_wh = null
    where company_id = $1 and point_id = any($2::int8[]) and sharing_id = any($3::int8[])
        and ended_at = $4
"""


class EndedTooLongAgo(Refused):
    """An account is reopened within the fact `days` of its end."""


@dataclass(frozen=True, slots=True)
class Ended:
    """An account that is held. closed_at: None for one that goes on."""

    premises_id: PremisesId
    subscriber_id: SubscriberId
    closed_at: datetime | None
    version: int
    owner_account_id: AccountId | None


@dataclass(frozen=True, slots=True)
class _Left:
    """What the account paid for when it ended. sharing_ids: with whom, or alone."""

    point_ids: list[PointId]
    own_point_ids: list[PointId]
    sharing_ids: list[int]


async def reopen(
    *,
    company_id: CompanyId,
    account_id: AccountId,
    expected_version: int,
    reason: str,
    now: datetime,
) -> AccountId:
    """Take the end of an account back. Repeating it changes nothing.

    reason: stays in the books, with the reversal of what was settled. A refund that was paid out
        has to be taken back for it. Automatic top-ups stay switched off.

    :raises NotClosed, EndedTooLongAgo, PointPaidFor, PointElsewhere, ParentInactive,
        AccountElsewhere, SubscriberErased, NotDeductible, SharedAbove, AlreadyBilled, StaleVersion,
        NotThere, InvalidValue: nothing was written
    """
    reason = values.name(reason, "reason", characters_max=REASON_CHARACTERS_MAX)
    async with access.tenant(company_id) as connection:
        account = await hold(connection, company_id, account_id)
        if has_gone_on(account, expected_version):
            return account_id
        await go_on(
            connection,
            company_id=company_id,
            account_id=account_id,
            expected_version=expected_version,
            account=account,
            heir_id=account.owner_account_id,
            reason=reason,
            now=now,
        )
    return account_id


async def hold(connection: Connection, company_id: CompanyId, account_id: AccountId) -> Ended:
    row = await connection.fetchrow(ENDED, company_id, account_id)
    if row is None:
        raise NotThere
    return Ended(**row)


def has_gone_on(account: Ended, expected_version: int) -> bool:
    """Return whether the caller has taken its end back before.

    :raises NotClosed: it has not ended, or somebody else has
    """
    if account.closed_at is not None:
        return False
    if account.version != expected_version + 1:
        raise NotClosed("id")
    return True


async def go_on(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_id: AccountId,
    expected_version: int,
    account: Ended,
    heir_id: AccountId | None,
    reason: str,
    now: datetime,
) -> None:
    """Let an ended account go on, in the caller's transaction, which holds it.

    heir_id: who has paid since, instead of it; nobody else may have.
    """
    closed_at = account.closed_at
    if closed_at is None or now - closed_at > REOPENED_WITHIN:
        raise EndedTooLongAgo("id", days=REOPENED_WITHIN.days)
    await rows.change(
        connection,
        "account",
        company_id=company_id,
        row_id=account_id,
        expected_version=expected_version,
        changes={"closed_at": None},
    )
    left = await _hold_points(connection, company_id, account_id, account, closed_at, heir_id)
    await _restore(connection, company_id, account_id, left, at=closed_at, now=now)
    await check_deductible(connection, company_id, left.point_ids, "id", since=closed_at)
    await reverse_all(
        connection, company_id=company_id, account_id=account_id, reason=reason, now=now
    )
    await asking.ask(connection, company_id=company_id, account_id=account_id)


async def _hold_points(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    account: Ended,
    closed_at: datetime,
    heir_id: AccountId | None,
) -> _Left:
    """Keep everything that the account needs as it is, and return what it paid for.

    :raises PointPaidFor: another account pays for some of that by now, or did
    :raises PointElsewhere, ParentInactive, AccountElsewhere, SubscriberErased: something that it
        needs has changed
    """
    await hold_present(connection, "id", company_id=company_id, subscriber_id=account.subscriber_id)
    found = await connection.fetch(LEFT, company_id, account_id, closed_at)
    left = _Left(
        point_ids=[PointId(row["point_id"]) for row in found],
        own_point_ids=[PointId(row["point_id"]) for row in found if not row["was_shared"]],
        sharing_ids=[row["sharing_id"] for row in found],
    )
    await submeters.hold_lines(connection, company_id, left.point_ids)
    try:
        await parents.hold_active(
            connection, "premises", company_id=company_id, row_id=account.premises_id
        )
        own = dict.fromkeys(left.own_point_ids, 0)
        await lock_points(connection, company_id, account.premises_id, own)
    except (ParentInactive, PointElsewhere) as error:
        raise type(error)("id") from error
    if await connection.fetchval(IS_ELSEWHERE, company_id, account.premises_id, left.point_ids):
        raise AccountElsewhere("id")
    taken = await connection.fetchval(
        TAKEN, company_id, left.point_ids, closed_at, heir_id, left.sharing_ids
    )
    if taken is not None:
        raise PointPaidFor("id")
    return left


async def _restore(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    left: _Left,
    *,
    at: datetime,
    now: datetime,
) -> None:
    """Write that who paid until the end pays on, and charge them for what came since."""
    mounted = await connection.fetch(MOUNTED, company_id, left.point_ids, at)
    # A meter may have come, gone and come back.
    meter_ids = list(dict.fromkeys(MeterId(row["meter_id"]) for row in mounted))
    # Who charges months locks balances after what waits for it.
    await submeters.hold_meters(connection, company_id, left.point_ids, since=at)
    await due.note_payers(connection, company_id, left.point_ids, account_id, since=at, now=now)
    async with (
        submeters.settled(
            connection,
            company_id=company_id,
            point_ids=left.point_ids,
            account_ids=(account_id,),
            since=at,
            path=("id",),
            now=now,
        ),
        charged_anew(connection, company_id=company_id, meter_ids=meter_ids, since=at, now=now),
    ):
        await connection.execute(FORGET, company_id, left.point_ids, at)
        await connection.execute(RESTORE, company_id, left.point_ids, left.sharing_ids, at)

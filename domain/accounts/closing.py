"""The end of an account: final indexes, final charge, settlement; and who takes over.

Its metering points are free at once, or go to the account of the premises' owner. A new subscriber
takes over in the same transaction, at the same indexes and without what the former one owes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from db import access
from db.access import Connection
from db.enums import BillingMode, RefundWay
from db.ids import AccountId, CompanyId, PointId, PremisesId, SubscriberId, TariffId
from domain import rows, values
from domain.accounts import assignments, operations
from domain.accounts.leaving import Leaving
from domain.accounts.settling import settle
from domain.accounts.suspension import AccountClosed
from domain.billing import submeters
from domain.billing.portions import WHOLE_PPM
from domain.metering.rules import Course
from domain.refusals import InUse, InvalidValue, NotThere
from domain.topups.lapsing import let_lapse

ENDING = """
    select premises_id, tariff_id, billing_mode, opened_at, closed_at from account
    where company_id = $1 and id = $2 for no key update
"""
POINTS = """
    select point_id, started_at, ended_at, final_index_wh, share_ppm from account_point
    where company_id = $1 and account_id = $2 and ended_at is not distinct from $3
    order by point_id
"""
IS_OWNERS = "select exists (select from premises where company_id = $1 and owner_account_id = $2)"
# While the points are held: whoever becomes the owner meanwhile takes over what is vacant.
HOLD_OWNERS = """
    select o.id from premises p
    join account o on o.company_id = p.company_id and o.id = p.owner_account_id
    where p.company_id = $1 and p.id = $2 and o.closed_at is null for share of o
"""
TAKEN_OVER = """
    select id from account where company_id = $1 and number = $2 and subscriber_id = $3
        and premises_id = $4 and opened_at = $5
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an account ends.

    at: UTC. final_indexes: the total register of each point that it pays for, in Wh on the meter's
        side of the multiplier; 0 without a meter. rolled_over: whether a register may have started
        again at zero since it was last read. refund_by: how what is left is paid out.
    at_path: what the input calls `at`.
    """

    at: datetime
    final_indexes: Mapping[PointId, int]
    refund_by: RefundWay
    rolled_over: bool = False
    at_path: str = "closed_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """Who takes over; None is as before, but of limits the company's, and no category."""

    number: str
    subscriber_id: SubscriberId
    tariff_id: TariffId | None = None
    billing_mode: BillingMode | None = None
    warning_limit: Decimal | None = None
    cut_off_limit: Decimal | None = None
    reconnect_limit: Decimal | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class _Account:
    premises_id: PremisesId
    tariff_id: TariffId | None
    billing_mode: BillingMode
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Left:
    """The final indexes of what an account paid for by itself, and of what it paid a share of."""

    alone: Mapping[PointId, int]
    shared: Mapping[PointId, int]


async def close(
    *,
    company_id: CompanyId,
    account_id: AccountId,
    expected_version: int,
    ending: Ending,
    now: datetime,
) -> AccountId:
    """End an account. What its points consume from then on, the premises' owner pays, if known.

    Its share of a supply that others pay for as well goes to the owner, too; others pay no more
    than their own. Repeating it, with the same end and indexes, changes nothing.

    :raises AccountClosed, InUse, ShareWithoutOwner, PaymentInFlight, StaleVersion, NotThere,
        InTheFuture, InvalidValue, AlreadyBilled, IndexOutOfRange, IndexContradicts, IndexFell,
        IndexImplausible: nothing was written
    """
    _check(ending, now=now)
    async with access.tenant(company_id) as connection:
        account = await _hold(connection, company_id, account_id)
        if await _has_ended_so(connection, company_id, account_id, account, ending):
            return account_id
        left = await _end(
            connection, company_id, account_id, expected_version, account, ending, now
        )
        owners_id = await connection.fetchval(HOLD_OWNERS, company_id, account.premises_id)
        leaving = _leaving(connection, company_id, account_id, ending, now)
        await leaving.leave(left.alone, to=owners_id)
        await leaving.hand_over(left.shared, to=owners_id)
        await settle(
            connection,
            company_id=company_id,
            account_id=account_id,
            refund_by=ending.refund_by,
            now=now,
        )
    return account_id


async def change_tenancy(
    *,
    company_id: CompanyId,
    account_id: AccountId,
    expected_version: int,
    ending: Ending,
    successor: Successor,
    now: datetime,
) -> AccountId:
    """End an account and open another in its place, at the same instant, indexes and shares.

    Returns the new account; on a retry, the one already made.

    :raises Refused: whatever `close` and `open_account` refuse; nothing was written
    """
    _check(ending, now=now)
    async with access.tenant(company_id) as connection:
        account = await _hold(connection, company_id, account_id)
        if await _has_ended_so(connection, company_id, account_id, account, ending):
            return await _taken_over(connection, company_id, account, ending, successor)
        left = await _end(
            connection, company_id, account_id, expected_version, account, ending, now
        )
        leaving = _leaving(connection, company_id, account_id, ending, now)
        await leaving.leave(left.alone, to=None)
        successor_id = await operations.add(
            connection,
            company_id=company_id,
            new=operations.NewAccount(
                number=successor.number,
                subscriber_id=successor.subscriber_id,
                premises_id=account.premises_id,
                tariff_id=successor.tariff_id or account.tariff_id,
                opened_at=ending.at,
                billing_mode=successor.billing_mode or account.billing_mode,
                warning_limit=successor.warning_limit,
                cut_off_limit=successor.cut_off_limit,
                reconnect_limit=successor.reconnect_limit,
                category=successor.category,
            ),
            points=left.alone,
            now=now,
        )
        await leaving.hand_over(left.shared, to=successor_id)
        await settle(
            connection,
            company_id=company_id,
            account_id=account_id,
            refund_by=ending.refund_by,
            now=now,
        )
    return successor_id


def _check(ending: Ending, *, now: datetime) -> None:
    values.past(ending.at, ending.at_path, now=now)
    assignments.check_indexes(ending.final_indexes, "final_index")


async def _hold(connection: Connection, company_id: CompanyId, account_id: AccountId) -> _Account:
    row = await connection.fetchrow(ENDING, company_id, account_id)
    if row is None:
        raise NotThere
    return _Account(**{**row, "billing_mode": BillingMode(row["billing_mode"])})


async def _has_ended_so(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    account: _Account,
    ending: Ending,
) -> bool:
    """Return whether the account has ended just so already.

    :raises AccountClosed: it has ended otherwise
    """
    if account.closed_at is None:
        return False
    ended = await connection.fetch(POINTS, company_id, account_id, account.closed_at)
    indexes = {row["point_id"]: row["final_index_wh"] for row in ended}
    if (account.closed_at, indexes) != (ending.at, dict(ending.final_indexes)):
        raise AccountClosed("id")
    return True


async def _end(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    expected_version: int,
    account: _Account,
    ending: Ending,
    now: datetime,
) -> _Left:
    """Write that an account ends, and hold what it paid for; nothing is charged yet."""
    if await connection.fetchval(IS_OWNERS, company_id, account_id):
        raise InUse("id")
    # The points come before what is paid for there: who shares one may leave it meanwhile, too.
    await submeters.hold_lines(connection, company_id, ending.final_indexes)
    paid_for = await connection.fetch(POINTS, company_id, account_id, None)
    begun = max([account.opened_at, *(row["started_at"] for row in paid_for)])
    if ending.at <= begun:
        raise InvalidValue(ending.at_path, expected=f"later than {begun.isoformat()}")
    if {row["point_id"] for row in paid_for} != set(ending.final_indexes):
        raise InvalidValue("points", expected="each metering point of the account once")
    await rows.change(
        connection,
        "account",
        company_id=company_id,
        row_id=account_id,
        expected_version=expected_version,
        changes={"closed_at": ending.at},
    )
    await let_lapse(connection, company_id=company_id, account_id=account_id, now=now)
    shared = {row["point_id"] for row in paid_for if row["share_ppm"] < WHOLE_PPM}
    indexes = ending.final_indexes
    return _Left(
        alone={point: index for point, index in indexes.items() if point not in shared},
        shared={point: index for point, index in indexes.items() if point in shared},
    )


def _leaving(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    ending: Ending,
    now: datetime,
) -> Leaving:
    return Leaving(
        connection=connection,
        company_id=company_id,
        account_id=account_id,
        at=ending.at,
        at_path=ending.at_path,
        index_paths=assignments.index_paths(ending.final_indexes, "final_index"),
        course=Course.ROLLING if ending.rolled_over else Course.STEADY,
        now=now,
    )


async def _taken_over(
    connection: Connection,
    company_id: CompanyId,
    account: _Account,
    ending: Ending,
    successor: Successor,
) -> AccountId:
    """Return the account that took over before.

    :raises AccountClosed: another did, or none
    """
    found = await connection.fetchval(
        TAKEN_OVER,
        company_id,
        successor.number.strip(),
        successor.subscriber_id,
        account.premises_id,
        ending.at,
    )
    if found is None:
        raise AccountClosed("id")
    return AccountId(found)

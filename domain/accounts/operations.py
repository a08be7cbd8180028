"""Opening accounts over metering points, and changing what is agreed about them.

Not here: how they end, which `closing` knows.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from db import access
from db.access import Connection
from db.enums import BillingMode
from db.ids import AccountId, CompanyId, PointId, PremisesId, SubscriberId, TariffId
from domain import rows, values
from domain.accounts import assignments, modes
from domain.accounts.opened_before import opened_before
from domain.accounts.suspension import hold_open
from domain.billing import submeters
from domain.hierarchy import parents
from domain.invoices import credit_allocations
from domain.metering.rules import Course
from domain.money import micro
from domain.refusals import AlreadyExists, InvalidValue, Refused
from domain.subscribers.operations import hold_present
from domain.tariffs.deductible import check_deductible
from domain.warnings import asking

NUMBER_CHARACTERS_MAX = 50
LIMITS = frozenset({"warning_limit", "cut_off_limit", "reconnect_limit"})

CATEGORY = re.compile(r"[A-Z][A-Z0-9_]{0,39}")
ADD_BALANCE = """
    insert into account_balance (company_id, account_id, wake_below_micro, changed_at)
    select a.company_id, a.id, greatest(coalesce(a.warning_limit_micro, c.warning_limit_micro),
        coalesce(a.cut_off_limit_micro, c.cut_off_limit_micro)), $3
    from account a join company c on c.id = a.company_id
    where a.company_id = $1 and a.id = $2
"""


class NoTariffAssigned(Refused):
    """The account names no tariff, and none is assigned to it when it is opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """What is agreed about an account when it is opened, as `open_account` has it."""

    number: str
    subscriber_id: SubscriberId
    premises_id: PremisesId
    tariff_id: TariffId | None
    opened_at: datetime
    billing_mode: BillingMode = BillingMode.PREPAID
    warning_limit: Decimal | None = None
    cut_off_limit: Decimal | None = None
    reconnect_limit: Decimal | None = None
    category: str | None = None

    def columns(self) -> dict[str, Any]:
        """Return its columns.

        :raises InvalidValue: one of them cannot be
        """
        return {
            "number": values.name(self.number, "number", characters_max=NUMBER_CHARACTERS_MAX),
            "subscriber_id": self.subscriber_id,
            "premises_id": self.premises_id,
            "tariff_id": self.tariff_id,
            "billing_mode": self.billing_mode,
            "warning_limit_micro": _limit_micro(self.warning_limit, "warning_limit"),
            "cut_off_limit_micro": _limit_micro(self.cut_off_limit, "cut_off_limit"),
            "reconnect_limit_micro": _limit_micro(self.reconnect_limit, "reconnect_limit"),
            "opened_at": self.opened_at,
            "category": checked_category(self.category, "category"),
        }


async def open_account(
    *,
    company_id: CompanyId,
    number: str,
    subscriber_id: SubscriberId,
    premises_id: PremisesId,
    tariff_id: TariffId | None,
    points: Mapping[PointId, int],
    opened_at: datetime,
    billing_mode: BillingMode = BillingMode.PREPAID,
    warning_limit: Decimal | None = None,
    cut_off_limit: Decimal | None = None,
    reconnect_limit: Decimal | None = None,
    category: str | None = None,
    now: datetime,
) -> AccountId:
    """Open an account over metering points; what they consume from `opened_at` on is charged to it.

    tariff_id: None takes what is assigned to the company, the branch or the account.
    points: the opening index of each, in Wh on the meter's side of the multiplier; none for an
        account that is to pay for shares of supplies alone.
    warning_limit, cut_off_limit, reconnect_limit: in major units; None takes the company's.
    category: what taxes may exempt; it stays as long as the account lasts.
    Returns the account; on a retry, the one already made.

    :raises AlreadyExists, NotThere, ParentInactive, InvalidValue, InTheFuture, PointElsewhere,
        PointPaidFor, NoTariffAssigned, SubscriberErased, AlreadyBilled, IndexOutOfRange,
        IndexContradicts, IndexImplausible, NotDeductible, SharedAbove, RegistersShared:
        nothing was written
    """
    new = NewAccount(
        number=number,
        subscriber_id=subscriber_id,
        premises_id=premises_id,
        tariff_id=tariff_id,
        opened_at=opened_at,
        billing_mode=billing_mode,
        warning_limit=warning_limit,
        cut_off_limit=cut_off_limit,
        reconnect_limit=reconnect_limit,
        category=category,
    )
    try:
        async with access.tenant(company_id) as connection:
            return await add(connection, company_id=company_id, new=new, points=points, now=now)
    except AlreadyExists:
        async with access.tenant(company_id) as connection:
            made = await opened_before(connection, company_id, new.columns(), points)
        if made is None:
            raise
        return made


async def add(
    connection: Connection,
    *,
    company_id: CompanyId,
    new: NewAccount,
    points: Mapping[PointId, int],
    now: datetime,
) -> AccountId:
    """Do what `open_account` does, in the caller's transaction; a retry is AlreadyExists."""
    columns, opened_at = new.columns(), new.opened_at
    values.past(opened_at, "opened_at", now=now)
    assignments.check_indexes(points, "opening_index")
    await parents.hold_active(connection, "premises", company_id=company_id, row_id=new.premises_id)
    await hold_present(
        connection, "subscriber_id", company_id=company_id, subscriber_id=new.subscriber_id
    )
    await assignments.lock_points(connection, company_id, new.premises_id, points)
    account_id = AccountId(
        await rows.insert(connection, "account", company_id=company_id, **columns)
    )
    await _check_tariff(connection, company_id, account_id, opened_at)
    await connection.execute(ADD_BALANCE, company_id, account_id, opened_at)
    await modes.begin(
        connection,
        company_id=company_id,
        account_id=account_id,
        mode=new.billing_mode,
        at=opened_at,
    )
    async with submeters.settled(
        connection,
        company_id=company_id,
        point_ids=points,
        since=opened_at,
        path=("opened_at",),
        now=now,
    ):
        await assignments.assign(connection, company_id, account_id, points, since=opened_at)
        await assignments.begin_terms(
            connection,
            company_id,
            points,
            at=opened_at,
            course=Course.ROLLING,
            at_path="opened_at",
            paths=assignments.index_paths(points, "opening_index"),
            now=now,
        )
    await check_deductible(connection, company_id, list(points), "points", since=opened_at)
    return account_id


async def _check_tariff(
    connection: Connection, company_id: CompanyId, account_id: AccountId, at: datetime
) -> None:
    """Return if the account has a tariff: without one, energy would cost nothing."""
    if not await connection.fetchval(
        "select exists (select from account_tariffs($1, $2) where starts_at <= $3"
        " and (ends_at is null or ends_at > $3))",
        company_id,
        account_id,
        at,
    ):
        raise NoTariffAssigned("tariff_id")


async def update(
    *,
    company_id: CompanyId,
    account_id: AccountId,
    expected_version: int,
    changes: Mapping[str, Any],
    now: datetime,
) -> AccountId:
    """Change an account.

    changes: `number`, `billing_mode` and the limits, whichever is to change. Limits are in major
        units; None takes the company's. They act within seconds.
    A retry changes nothing.

    :raises AccountClosed, StaleVersion, NotThere, AlreadyExists, InvalidValue: nothing was written
    """
    columns = dict(changes)
    if "number" in columns:
        columns["number"] = values.name(
            columns["number"], "number", characters_max=NUMBER_CHARACTERS_MAX
        )
    moved = LIMITS & columns.keys()
    for name in moved:
        columns[f"{name}_micro"] = _limit_micro(columns.pop(name), name)
    async with access.tenant(company_id) as connection:
        await hold_open(connection, company_id=company_id, account_id=account_id)
        is_changed = await rows.change_once(
            connection,
            "account",
            company_id=company_id,
            row_id=account_id,
            expected_version=expected_version,
            changes=columns,
        )
        if not is_changed:
            return account_id
        if "billing_mode" in columns:
            await modes.change(
                connection,
                company_id=company_id,
                account_id=account_id,
                mode=columns["billing_mode"],
                now=now,
            )
            await credit_allocations.look_again(
                connection, company_id=company_id, account_id=account_id, now=now
            )
        if moved or "billing_mode" in columns:
            await asking.ask(connection, company_id=company_id, account_id=account_id)
    return account_id


def checked_category(category: str | None, path: str) -> str | None:
    if category is not None and not CATEGORY.fullmatch(category):
        raise InvalidValue(path, expected="a name such as STREET_LIGHTING")
    return category


def _limit_micro(limit: Decimal | None, name: str) -> int | None:
    return None if limit is None else micro(values.money(limit, name))

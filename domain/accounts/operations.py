"""Opening accounts over metering points, and changing what is agreed about them.

Not here: closing them.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg

from db import access
from db.access import Connection
from db.enums import BillingMode
from db.ids import AccountId, CompanyId, MeterId, PointId, PremisesId, SubscriberId, TariffId
from domain import rows, values
from domain.billing import operations as billing
from domain.billing.claims import Claim
from domain.hierarchy import parents
from domain.metering.mountings import INDEX_WH_MAX
from domain.metering.rules import Course
from domain.money import micro
from domain.refusals import InvalidValue, Refused
from domain.subscribers.operations import hold_present

POINTS_MAX = 100
NUMBER_CHARACTERS_MAX = 50

LOCK_POINTS = """
    select id, premises_id, active from metering_point
    where company_id = $1 and id = any($2::int8[]) order by id for no key update
"""
MOUNTED = """
    select meter_id, point_id, started_at, initial_index_wh from mounting
    where company_id = $1 and point_id = any($2::int8[]) and (ended_at is null or ended_at > $3)
    order by meter_id, started_at
"""
ADD_BALANCE = """
    insert into account_balance (company_id, account_id, wake_below_micro, changed_at)
    select a.company_id, a.id, coalesce(a.warning_limit_micro, c.warning_limit_micro), $3
    from account a join company c on c.id = a.company_id
    where a.company_id = $1 and a.id = $2
"""
MOVE_WAKE_MARK = """
    update account_balance b
    set wake_below_micro = coalesce(a.warning_limit_micro, c.warning_limit_micro)
    from account a join company c on c.id = a.company_id
    where a.company_id = $1 and a.id = $2
        and b.company_id = a.company_id and b.account_id = a.id
"""


class PointElsewhere(Refused):
    """The metering point does not measure the account's premises, or is not in use."""


class PointPaidFor(Refused):
    """Another account pays for the metering point then."""


async def open_account(
    *,
    company_id: CompanyId,
    number: str,
    subscriber_id: SubscriberId,
    premises_id: PremisesId,
    tariff_id: TariffId,
    points: Mapping[PointId, int],
    opened_at: datetime,
    billing_mode: BillingMode = BillingMode.PREPAID,
    warning_limit: Decimal | None = None,
    now: datetime,
) -> AccountId:
    """Open an account over metering points; what they consume from `opened_at` on is charged to it.

    points: the opening index of each, in Wh on the meter's side of the multiplier.
    warning_limit: in major units; None takes the company's.

    :raises AlreadyExists, NotThere, ParentInactive, InvalidValue, InTheFuture, PointElsewhere,
        PointPaidFor, SubscriberErased, AlreadyBilled, IndexOutOfRange, IndexContradicts,
        IndexImplausible: nothing was written
    """
    async with access.tenant(company_id) as connection:
        return await add(
            connection,
            company_id=company_id,
            number=number,
            subscriber_id=subscriber_id,
            premises_id=premises_id,
            tariff_id=tariff_id,
            points=points,
            opened_at=opened_at,
            billing_mode=billing_mode,
            warning_limit=warning_limit,
            now=now,
        )


async def add(
    connection: Connection,
    *,
    company_id: CompanyId,
    number: str,
    subscriber_id: SubscriberId,
    premises_id: PremisesId,
    tariff_id: TariffId,
    points: Mapping[PointId, int],
    opened_at: datetime,
    billing_mode: BillingMode = BillingMode.PREPAID,
    warning_limit: Decimal | None = None,
    now: datetime,
) -> AccountId:
    """Do what `open_account` does, in the caller's transaction."""
    values.past(opened_at, "opened_at", now=now)
    if not 1 <= len(points) <= POINTS_MAX:
        raise InvalidValue("points", expected=f"1 to {POINTS_MAX} metering points")
    for place, index_wh in enumerate(points.values()):
        path = ("points", str(place), "opening_index")
        values.whole_number(index_wh, *path, minimum=0, maximum=INDEX_WH_MAX)
    columns: dict[str, Any] = {
        "number": values.name(number, "number", characters_max=NUMBER_CHARACTERS_MAX),
        "subscriber_id": subscriber_id,
        "premises_id": premises_id,
        "tariff_id": tariff_id,
        "billing_mode": billing_mode,
        "warning_limit_micro": _limit_micro(warning_limit),
        "opened_at": opened_at,
    }
    await parents.hold_active(connection, "premises", company_id=company_id, row_id=premises_id)
    await hold_present(
        connection, "subscriber_id", company_id=company_id, subscriber_id=subscriber_id
    )
    await _lock_points(connection, company_id, premises_id, points)
    account_id = AccountId(
        await rows.insert(connection, "account", company_id=company_id, **columns)
    )
    await connection.execute(ADD_BALANCE, company_id, account_id, opened_at)
    for point_id in points:
        await _assign(connection, company_id, account_id, points, point_id, opened_at)
    await _begin_terms(connection, company_id, points, opened_at, now=now)
    return account_id


async def update(
    *,
    company_id: CompanyId,
    account_id: AccountId,
    expected_version: int,
    changes: Mapping[str, Any],
) -> AccountId:
    """Change an account. changes: `number` and `warning_limit`, whichever is to change.

    warning_limit: in major units; None takes the company's. It holds from the next charge on.

    :raises StaleVersion, NotThere, AlreadyExists, InvalidValue: nothing was written
    """
    columns = dict(changes)
    if "number" in columns:
        columns["number"] = values.name(
            columns["number"], "number", characters_max=NUMBER_CHARACTERS_MAX
        )
    if "warning_limit" in columns:
        columns["warning_limit_micro"] = _limit_micro(columns.pop("warning_limit"))
    async with access.tenant(company_id) as connection:
        await rows.change(
            connection,
            "account",
            company_id=company_id,
            row_id=account_id,
            expected_version=expected_version,
            changes=columns,
        )
        if "warning_limit_micro" in columns:
            await connection.execute(MOVE_WAKE_MARK, company_id, account_id)
    return account_id


def _limit_micro(limit: Decimal | None) -> int | None:
    return None if limit is None else micro(values.money(limit, "warning_limit"))


async def _lock_points(
    connection: Connection,
    company_id: CompanyId,
    premises_id: PremisesId,
    points: Mapping[PointId, int],
) -> None:
    """Keep points as they are: who mounts a meter there meanwhile would not see the account."""
    found = await connection.fetch(LOCK_POINTS, company_id, list(points))
    fitting = {row["id"] for row in found if row["active"] and row["premises_id"] == premises_id}
    for place, point_id in enumerate(points):
        if point_id not in fitting:
            raise PointElsewhere("points", str(place), "metering_point_id")


async def _assign(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    points: Mapping[PointId, int],
    point_id: PointId,
    opened_at: datetime,
) -> None:
    try:
        await connection.execute(
            "insert into account_point"
            " (company_id, account_id, point_id, started_at, opening_index_wh)"
            " values ($1, $2, $3, $4, $5)",
            company_id,
            account_id,
            point_id,
            opened_at,
            points[point_id],
        )
    except asyncpg.ExclusionViolationError as error:
        place = str(list(points).index(point_id))
        raise PointPaidFor("points", place, "metering_point_id") from error


async def _begin_terms(
    connection: Connection,
    company_id: CompanyId,
    points: Mapping[PointId, int],
    opened_at: datetime,
    *,
    now: datetime,
) -> None:
    """Charge the account for every meter of its points, in the order in which ingest locks them."""
    for mounting in await connection.fetch(MOUNTED, company_id, list(points), opened_at):
        place = str(list(points).index(mounting["point_id"]))
        was_there = mounting["started_at"] <= opened_at
        claim = Claim(
            at=opened_at if was_there else mounting["started_at"],
            index_wh=points[mounting["point_id"]] if was_there else mounting["initial_index_wh"],
            course=Course.ROLLING,
            at_path=("opened_at",),
            index_path=("points", place, "opening_index"),
        )
        await billing.begin_terms(
            connection,
            company_id=company_id,
            meter_id=MeterId(mounting["meter_id"]),
            claim=claim,
            now=now,
        )

"""Subscribers and the accounts they open."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from db import access
from db.enums import BillingMode
from db.ids import AccountId, CompanyId, PointId, PremisesId, SubscriberId, TariffId
from domain.billing import operations as billing
from domain.money import micro


async def create_subscriber(
    *,
    company_id: CompanyId,
    reference: str,
    name: str,
    email: str | None = None,
    phone: str | None = None,
) -> SubscriberId:
    """Add a person or firm that can open accounts."""
    async with access.tenant(company_id) as connection:
        subscriber_id = await connection.fetchval(
            "insert into subscriber (company_id, reference, name, email, phone)"
            " values ($1, $2, $3, $4, $5) returning id",
            company_id,
            reference,
            name,
            email,
            phone,
        )
    return SubscriberId(subscriber_id)


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
) -> AccountId:
    """Open an account over metering points; what they consume from `opened_at` on is charged to it.

    points: the opening index of each, in Wh on the meter's side of the multiplier.
    warning_limit: in major units; None takes the company's.

    :raises asyncpg.ExclusionViolationError: another account pays for a point; nothing is written
    :raises AlreadyBilled: readings after `opened_at` are charged already; nothing is written
    """
    async with access.tenant(company_id) as connection:
        account_id = await connection.fetchval(
            "insert into account (company_id, number, subscriber_id, premises_id, tariff_id,"
            " billing_mode, warning_limit_micro, opened_at) values ($1, $2, $3, $4, $5, $6, $7, $8)"
            " returning id",
            company_id,
            number,
            subscriber_id,
            premises_id,
            tariff_id,
            billing_mode,
            None if warning_limit is None else micro(warning_limit),
            opened_at,
        )
        await connection.execute(
            "insert into account_balance (company_id, account_id, wake_below_micro, changed_at)"
            " select a.company_id, a.id, coalesce(a.warning_limit_micro, c.warning_limit_micro), $3"
            " from account a join company c on c.id = a.company_id"
            " where a.company_id = $1 and a.id = $2",
            company_id,
            account_id,
            opened_at,
        )
        for point_id, index_wh in sorted(points.items()):
            await _assign(connection, company_id, account_id, point_id, opened_at, index_wh)
    return AccountId(account_id)


async def _assign(
    connection: access.Connection,
    company_id: CompanyId,
    account_id: AccountId,
    point_id: PointId,
    opened_at: datetime,
    index_wh: int,
) -> None:
    await connection.execute(
        "insert into account_point (company_id, account_id, point_id, started_at, opening_index_wh)"
        " values ($1, $2, $3, $4, $5)",
        company_id,
        account_id,
        point_id,
        opened_at,
        index_wh,
    )
    mounted = await connection.fetch(
        "select meter_id, started_at, initial_index_wh from mounting"
        " where company_id = $1 and point_id = $2 and (ended_at is null or ended_at > $3)"
        " order by meter_id",
        company_id,
        point_id,
        opened_at,
    )
    for mounting in mounted:
        is_there_already = mounting["started_at"] <= opened_at
        await billing.begin_terms(
            connection,
            company_id=company_id,
            meter_id=mounting["meter_id"],
            at=opened_at if is_there_already else mounting["started_at"],
            index_wh=index_wh if is_there_already else mounting["initial_index_wh"],
        )

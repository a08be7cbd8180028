"""Founding companies, and what only the platform may change of them. Platform staff only."""

from datetime import datetime
from decimal import Decimal

from db import access
from db.ids import CompanyId
from domain.companies.settings import CHECKS, check_zone
from domain.hierarchy.checks import checked
from domain.money import micro
from domain.refusals import NotThere, StaleVersion


async def create(
    *,
    name: str,
    currency: str,
    time_zone: str,
    locale: str = "en",
    warning_limit: Decimal = Decimal(0),
    now: datetime,
) -> CompanyId:
    """Found a company.

    currency: ISO 4217 code. time_zone: IANA name; its days and months are the company's.
    warning_limit: balance at or below which its prepaid accounts are warned, in major units.

    :raises InvalidValue: nothing was written
    """
    given = {"name": name, "currency": currency, "time_zone": time_zone, "locale": locale}
    columns = checked(given, CHECKS)
    async with access.system() as connection:
        await check_zone(connection, columns)
        company_id = await connection.fetchval(
            "insert into company (name, currency, time_zone, locale, warning_limit_micro,"
            " created_at) values ($1, $2, $3, $4, $5, $6) returning id",
            *columns.values(),
            micro(warning_limit),
            now,
        )
    return CompanyId(company_id)


async def set_active(*, company_id: CompanyId, expected_version: int, active: bool) -> CompanyId:
    """Shut a company out, with its users, keys and collectors, or let it in again.

    Its data stays either way, and what it owes and is owed.

    :raises StaleVersion, NotThere: nothing was written
    """
    return await _set(company_id, expected_version, "active", active)


async def set_api_allowed(
    *, company_id: CompanyId, expected_version: int, allowed: bool
) -> CompanyId:
    """Let a company's partners use API keys, or end that at once.

    :raises StaleVersion, NotThere: nothing was written
    """
    return await _set(company_id, expected_version, "api_allowed", allowed)


async def _set(company_id: CompanyId, expected_version: int, column: str, value: bool) -> CompanyId:
    async with access.system() as connection:
        changed = await connection.fetchval(
            f"update company set {column} = $3, version = version + 1"
            " where id = $1 and version = $2 returning true",
            company_id,
            expected_version,
            value,
        )
        if changed:
            return company_id
        there = await connection.fetchval("select true from company where id = $1", company_id)
    raise StaleVersion(company_id) if there else NotThere

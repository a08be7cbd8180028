"""Founding companies. Platform staff only: a company cannot make another."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from db import access
from db.ids import CompanyId
from domain.money import micro


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

    :raises zoneinfo.ZoneInfoNotFoundError: the time zone is unknown; nothing is written
    """
    ZoneInfo(time_zone)
    async with access.system() as connection:
        company_id = await connection.fetchval(
            "insert into company (name, currency, time_zone, locale, warning_limit_micro,"
            " created_at) values ($1, $2, $3, $4, $5, $6) returning id",
            name,
            currency,
            time_zone,
            locale,
            micro(warning_limit),
            now,
        )
    return CompanyId(company_id)

"""Tariffs and their prices. Versions are immutable; a new one ends the one before."""

from datetime import datetime
from decimal import Decimal

from db import access
from db.ids import CompanyId, TariffId
from domain.readings.rules import AHEAD_MAX


class PriceInThePast(Exception):
    """The price would change energy that may be charged already; nothing was written."""


async def create(
    *, company_id: CompanyId, name: str, price_per_kwh: Decimal, valid_from: datetime
) -> TariffId:
    """Add a tariff with its first price, in major units per kWh (nine decimals at most)."""
    async with access.tenant(company_id) as connection:
        tariff_id = await connection.fetchval(
            "insert into tariff (company_id, name) values ($1, $2) returning id", company_id, name
        )
        await connection.execute(
            "insert into tariff_version (company_id, tariff_id, valid_from, price_per_kwh)"
            " values ($1, $2, $3, $4)",
            company_id,
            tariff_id,
            valid_from,
            price_per_kwh,
        )
    return TariffId(tariff_id)


async def set_price(
    *,
    company_id: CompanyId,
    tariff_id: TariffId,
    price_per_kwh: Decimal,
    valid_from: datetime,
    now: datetime,
) -> None:
    """Let a new price take effect at `valid_from`.

    Energy that a reading charges across that instant is split there (domain rule 3.3).

    :raises PriceInThePast: `valid_from` is not after what readings may be dated now, or not after
        every earlier version
    """
    async with access.tenant(company_id) as connection:
        current = await connection.fetchval(
            "select valid_from from tariff_version where company_id = $1 and tariff_id = $2"
            " and valid_until is null for update",
            company_id,
            tariff_id,
        )
        # Readings may be dated a little ahead, and are charged at once.
        earliest = max(now + AHEAD_MAX, current)
        if valid_from <= earliest:
            raise PriceInThePast(f"valid_from is {valid_from}; later than {earliest} expected")
        await connection.execute(
            "update tariff_version set valid_until = $4"
            " where company_id = $1 and tariff_id = $2 and valid_from = $3",
            company_id,
            tariff_id,
            current,
            valid_from,
        )
        await connection.execute(
            "insert into tariff_version (company_id, tariff_id, valid_from, price_per_kwh)"
            " values ($1, $2, $3, $4)",
            company_id,
            tariff_id,
            valid_from,
            price_per_kwh,
        )

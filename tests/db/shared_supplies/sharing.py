"""A supply that accounts of several premises share."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from db import access
from db.ids import AccountId, PointId, TariffId
from domain.accounts import operations, sharing
from domain.accounts.sharing import Sharing
from domain.metering import premises
from tests.db.stored_readings import HOUR, fetch
from tests.factories import NOW, OPENED_AT, Place, Supply, add_supply

SINCE = NOW - 10 * HOUR
THIRDS = (333_334, 333_333, 333_333)
HALVES = (500_000, 500_000)


async def add_tenant(
    place: Place,
    number: str,
    *,
    tariff_id: TariffId | None = None,
    supply: Supply | None = None,
    opened_at: datetime = OPENED_AT,
) -> AccountId:
    """Open an account that pays for nothing yet, over a shop of its own or a supply's premises."""
    premises_id = (
        await premises.create(company_id=place.company_id, field_id=place.field_id, name=number)
        if supply is None
        else supply.premises_id
    )
    return await operations.open_account(
        company_id=place.company_id,
        number=number,
        subscriber_id=place.subscriber_id,
        premises_id=premises_id,
        tariff_id=tariff_id or place.tariff_id,
        points={},
        opened_at=opened_at,
        now=opened_at,
    )


async def version_of(point_id: PointId) -> int:
    ((row),) = await fetch("select version from metering_point where id = $1", point_id)
    return int(row["version"])


async def share(
    place: Place,
    supply: Supply,
    shares_ppm: Mapping[AccountId, int],
    *,
    since: datetime = SINCE,
    index_wh: int = 0,
    version: int | None = None,
    **changes: Any,
) -> PointId:
    return await sharing.share(
        company_id=place.company_id,
        point_id=supply.point_id,
        expected_version=version or await version_of(supply.point_id),
        sharing=Sharing(since=since, index_wh=index_wh, shares_ppm=shares_ppm, **changes),
        now=NOW,
    )


async def shared_supply(
    place: Place, shares_ppm: tuple[int, ...], **supplied: Any
) -> tuple[Supply, list[AccountId]]:
    """Make a supply that as many accounts share from SINCE on, at index 0."""
    supply = await add_supply(place, with_account=False, **supplied)
    tenants = [await add_tenant(place, f"T{number}") for number in range(len(shares_ppm))]
    await share(place, supply, dict(zip(tenants, shares_ppm, strict=True)))
    return supply, tenants


async def payers(supply: Supply) -> list[dict[str, Any]]:
    return await fetch(
        "select account_id, share_ppm, started_at, ended_at, opening_index_wh, final_index_wh"
        " from account_point where point_id = $1 order by started_at, account_id",
        supply.point_id,
    )


async def energy(place: Place) -> dict[AccountId, Decimal]:
    """Return the Wh that each account of the company has been charged for."""
    async with access.system() as connection:
        rows = await connection.fetch(
            "select account_id, sum(energy_wh) as wh from accrual where company_id = $1"
            " group by 1 having sum(energy_wh) <> 0",
            place.company_id,
        )
    return {AccountId(row["account_id"]): row["wh"] for row in rows}

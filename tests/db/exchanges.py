"""Exchanging and removing meters, and what is paid then."""

from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from db import access
from db.ids import MeterId, MountingId
from domain.ledger.queries import balance_of
from domain.metering import removals
from domain.readings import operations as readings
from tests.factories import NOW, Place, Supply, account_of, make_read, make_register_set

HOUR = timedelta(hours=1)
PRICE = Decimal(2)
_numbers = count(1)


async def fetch(query: str, *arguments: object) -> list[dict[str, Any]]:
    async with access.system() as connection:
        return [dict(row) for row in await connection.fetch(query, *arguments)]


async def mounting_of(meter_id: MeterId) -> MountingId:
    rows = await fetch("select id from mounting where meter_id = $1 order by id", meter_id)
    return MountingId(rows[0]["id"])


async def store(place: Place, *told: tuple[Supply, int, int]) -> None:
    """Store reads: a supply, hours before NOW, and the index in Wh. In this order, one by one."""
    registers = await make_register_set(place.company_id, (f"1.8.{next(_numbers)}",))
    for supply, hours, index_wh in told:
        async with access.system() as connection:
            read = make_read(place, registers, NOW - hours * HOUR, index_wh, supply=supply)
            await readings.store(connection, [read], now=NOW)


async def exchange(place: Place, other: Supply, **changes: Any) -> MountingId:
    """Exchange the first supply's meter, at index 5,000, for one at index 700."""
    return await removals.exchange(
        **{
            "company_id": place.company_id,
            "mounting_id": await mounting_of(place.supplies[0].meter_id),
            "meter_id": other.meter_id,
            "exchanged_at": NOW - 5 * HOUR,
            "final_index_wh": 5_000,
            "initial_index_wh": 700,
            "now": NOW,
            **changes,
        }
    )


async def remove(place: Place, **changes: Any) -> MountingId:
    return await removals.remove(
        **{
            "company_id": place.company_id,
            "mounting_id": await mounting_of(place.supplies[0].meter_id),
            "ended_at": NOW - 5 * HOUR,
            "final_index_wh": 5_000,
            "now": NOW,
            **changes,
        }
    )


async def balance(place: Place) -> Decimal:
    return await balance_of(company_id=place.company_id, account_id=account_of(place))

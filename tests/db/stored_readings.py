"""Storing reads, and what is in the books then."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from db import access
from db.ids import AccountId
from domain.ledger.queries import balance_of
from domain.readings import operations as readings
from domain.readings.batch import Read
from tests.factories import NOW, Place

HOUR = timedelta(hours=1)


async def store(reads: Sequence[Read], *, now: datetime = NOW) -> readings.Stored:
    async with access.system() as connection:
        return await readings.store(connection, reads, now=now)


async def fetch(query: str, *values: object) -> list[dict[str, Any]]:
    async with access.system() as connection:
        return [dict(row) for row in await connection.fetch(query, *values)]


async def account_balance(place: Place, account_id: AccountId | None = None) -> Decimal:
    account_id = account_id or place.supplies[0].account_id
    assert account_id is not None
    return await balance_of(company_id=place.company_id, account_id=account_id)

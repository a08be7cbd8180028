"""Companies that keep their readings for so long, and what is left of them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg

from db import access
from db.settings import Urls
from domain.companies import settings
from domain.readings import forgetting
from domain.readings import operations as readings
from domain.readings.batch import Read
from tests.db.rows import fetch
from tests.factories import NOW, Place, make_place

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
OPENED_AT = NOW - 430 * DAY
# At noon, 365 days back, is the first day of which a company that keeps a year keeps anything.
OLD = NOW - 366 * DAY
KEPT = NOW - 365 * DAY


async def make_days(database: Urls, *days: datetime) -> None:
    owner = await asyncpg.connect(database.owner)
    for day in days:
        await owner.execute("select ensure_partitions($1, 0, 0)", day)
    await owner.close()


async def place_keeping(days: int, *, meters: int = 1) -> Place:
    place = await make_place(meters=meters, price=Decimal(2), opened_at=OPENED_AT)
    await settings.update(
        company_id=place.company_id,
        expected_version=1,
        changes={"reading_retention_days": days},
    )
    return place


async def store(*reads: Read, now: datetime | None = None) -> readings.Stored:
    async with access.system() as connection:
        return await readings.store(
            connection, reads, now=now or max(read.at for read in reads) + HOUR
        )


async def stored(place: Place) -> list[datetime]:
    rows = await fetch("select ts from reading where company_id = $1 order by 1", place.company_id)
    return [at for (at,) in rows]


async def days_there() -> list[date]:
    rows = await fetch(f"select day from ({forgetting.DAYS}) d where day < $1 order by 1", KEPT)
    return [day for (day,) in rows]


async def kept_indexes(place: Place) -> list[tuple[datetime, int]]:
    found: list[Any] = await fetch(
        "select at, index_wh from kept_index where company_id = $1 order by meter_id",
        place.company_id,
    )
    return found


async def charges(place: Place) -> Sequence[tuple[Any, ...]]:
    return await fetch(
        "select local_date, charged_micro from accrual where company_id = $1 order by 1",
        place.company_id,
    )

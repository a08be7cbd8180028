"""What happens at a place, and what its indicators tell of it."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from db import access
from domain.analytics.queries import Bucket, indicators
from domain.analytics.rules import IndicatorGrouping
from domain.listing import Wall
from domain.readings import operations as readings
from tests.factories import NOW, Place, make_read, make_register_set

TODAY = date(2026, 3, 18)
DAY = timedelta(days=1)
NOTHING = Decimal(0)


def everything(place: Place) -> Wall:
    return Wall(lambda _: "true", {"company": place.company_id, "now": NOW})


async def read(
    place: Place, at: datetime, index_wh: int, *, number: int = 0, now: datetime = NOW
) -> None:
    register_set_id = await register_set_of(place)
    one = make_read(place, register_set_id, at, index_wh, supply=place.supplies[number])
    async with access.system() as connection:
        await readings.store(connection, [one], now=now)


async def register_set_of(place: Place) -> int:
    async with access.system() as connection:
        found = await connection.fetchval(
            "select id from register_set where company_id = $1", place.company_id
        )
    return int(found) if found else await make_register_set(place.company_id)


async def told(
    place: Place,
    *edges: date,
    by: IndicatorGrouping = IndicatorGrouping.COMPANY,
) -> dict[int, list[Bucket]]:
    """Return the buckets between edges, today's alone by default, by group."""
    async with access.reading(place.company_id) as connection:
        groups = await indicators(
            connection, edges or (TODAY, TODAY + DAY), by=by, wall=everything(place)
        )
    return {group.id: list(group.buckets) for group in groups}


async def today(place: Place) -> Bucket:
    (buckets,) = (await told(place)).values()
    return buckets[0]


async def waiting() -> int:
    async with access.system() as connection:
        return int(await connection.fetchval("select count(*) from unsummed_journal"))

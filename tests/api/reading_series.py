"""Storing reads, and asking for a series of them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from api.global_ids import encode
from db import access
from domain.readings import operations as readings
from domain.readings.batch import Read
from tests.api.web import User, Web
from tests.factories import NOW, Place

HOUR = timedelta(hours=1)
SERIES = """
    query ($id: ID!, $range: TimeRangeInput!, $resolution: Resolution! = RAW) {
        node(id: $id) { ... on Meter { readings(range: $range, resolution: $resolution) {
            resolution timeZone
            readings { readAt quality timeSource registers { obis quantity { value unit side } } }
            buckets { start end importEnergy side isComplete }
        } } }
    }
"""


def meter(place: Place, number: int = 0) -> str:
    return encode("Meter", place.supplies[number].meter_id)


async def store(reads: Iterable[Read], now: datetime = NOW) -> None:
    async with access.system() as connection:
        await readings.store(connection, list(reads), now=now)


async def series(web: Web, user: User, id: str, **arguments: Any) -> dict[str, Any]:
    answer = await web.ask(SERIES, user, id=id, **arguments)
    found: dict[str, Any] = answer.data["node"]["readings"]
    return found


def span(start: datetime, end: datetime, **more: str) -> dict[str, str]:
    return {"from": start.isoformat(), "to": end.isoformat(), **more}

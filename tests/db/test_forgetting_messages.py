"""Messages go with their history when the company's retention is over, and what waits stays."""

from datetime import timedelta

import pytest

from db import access
from db.ids import CompanyId
from domain.companies import settings
from domain.messages.forgetting import forget
from domain.messages.queue import PLATFORM
from tests.factories import NOW, Place, make_place

DAY = timedelta(days=1)


@pytest.fixture
async def place(connected: None) -> Place:
    place = await make_place(meters=0)
    await settings.update(
        company_id=place.company_id,
        expected_version=1,
        changes={"message_retention_days": 30},
    )
    return place


async def put(company_id: CompanyId, age: timedelta, state: str = "SENT") -> int:
    async with access.system() as connection:
        message_id = await connection.fetchval(
            "insert into message (company_id, kind, locale, state, next_attempt_at, created_at)"
            " values ($1, 'SYSTEM_REPORT', 'en', $2, $3, $3) returning id",
            company_id,
            state,
            NOW - age,
        )
        await connection.execute(
            "insert into message_event (company_id, message_id, at, state, attempt)"
            " values ($1, $2, $3, $4, 1)",
            company_id,
            message_id,
            NOW - age,
            state,
        )
    return int(message_id)


async def left() -> tuple[list[int], list[int]]:
    async with access.system() as connection:
        messages = await connection.fetch("select id from message order by id")
        events = await connection.fetch("select message_id from message_event order by message_id")
    return [row["id"] for row in messages], [row["message_id"] for row in events]


async def test_messages_are_forgotten_with_their_history(place: Place) -> None:
    await put(place.company_id, 31 * DAY)
    await put(place.company_id, 31 * DAY, "BOUNCED")
    kept = [
        await put(place.company_id, 30 * DAY),
        await put(place.company_id, 400 * DAY, "WAITING"),
        await put(PLATFORM, 89 * DAY),
    ]
    await put(PLATFORM, 91 * DAY, "DROPPED")

    forgotten = [await forget(now=NOW), await forget(now=NOW)]

    assert forgotten == [3, 0]
    assert await left() == (kept, kept)


async def test_another_companys_retention_is_another(place: Place) -> None:
    other = await make_place(meters=0)
    kept = await put(other.company_id, 700 * DAY)

    assert await forget(now=NOW) == 0
    assert await left() == ([kept], [kept])

"""Who looked at people's data is forgotten in time, and the chain of daily entries still holds."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from db import access
from db.acting import Actor, acting
from db.enums import ActorKind
from db.settings import Urls
from domain.audit.chain import Break, Broken
from domain.audit.forgetting import forget_contact_reads
from domain.audit.sealing import seal
from domain.audit.verification import Verdict, verify
from domain.companies import settings
from tests.factories import Place, make_place

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
async def place(connected: None) -> Place:
    place = await make_place(meters=0)
    await settings.update(
        company_id=place.company_id,
        expected_version=1,
        changes={"contact_read_retention_days": 30},
    )
    return place


@pytest.fixture
async def owner(database: Urls, place: Place) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.owner)
    yield connection
    await connection.close()


async def read(
    owner: asyncpg.Connection,
    place: Place,
    age: timedelta,
    object_type: str = "Subscriber",
) -> int:
    """Let somebody have read a subscriber's data so long ago; return the entry's id."""
    entry_id = await owner.fetchval(
        "insert into daily_entry (company_id, kind, object_type, object_id, actor_kind, user_id,"
        " recorded_at) values ($1, 'READ', $2, $3, 'USER', 7, $4) returning id",
        place.company_id,
        object_type,
        place.subscriber_id,
        datetime.now(UTC) - age,
    )
    return int(entry_id)


async def entries(place: Place, where: str = "kind = 'READ'") -> list[int]:
    async with access.system() as connection:
        rows = await connection.fetch(
            f"select id from daily_entry where company_id = $1 and {where} order by id",
            place.company_id,
        )
    return [row["id"] for row in rows]


async def verdict(place: Place) -> Verdict:
    found = await verify(now=datetime.now(UTC) + DAY)
    return next(one for one in found if one.company_id == place.company_id)


async def forget() -> int:
    with acting(Actor(kind=ActorKind.JOB, name="audit.forget_contact_reads")):
        return await forget_contact_reads(now=datetime.now(UTC))


async def test_reads_past_the_retention_go_and_the_chain_holds(
    owner: asyncpg.Connection, place: Place
) -> None:
    old = await read(owner, place, 30 * DAY + HOUR)
    proof = await read(owner, place, 31 * DAY, "ProtectionProof")
    young = await read(owner, place, 30 * DAY - HOUR)
    visit = await read(owner, place, 900 * DAY, "Company")
    await seal(now=datetime.now(UTC))
    head = (await verdict(place)).head

    assert await forget() == 2
    await seal(now=datetime.now(UTC))

    assert await entries(place) == [young, visit]
    told = await owner.fetch(
        "select actor_kind, actor_name, before ->> 'entries' as entries, after from daily_entry"
        " where company_id = $1 and object_type = 'DailyEntry'",
        place.company_id,
    )
    assert [tuple(one) for one in told] == [
        ("JOB", "audit.forget_contact_reads", f"[{old}, {proof}]", None)
    ]
    after = await verdict(place)
    assert (after.broken, after.head.number) == (None, head.number + 1)


async def test_forgetting_again_or_twice_at_once_changes_nothing_more(
    owner: asyncpg.Connection, place: Place
) -> None:
    await read(owner, place, 31 * DAY)
    await seal(now=datetime.now(UTC))

    both = await asyncio.gather(forget(), forget())

    assert sorted(both) == [0, 1]
    assert await forget() == 0
    assert len(await entries(place, "object_type = 'DailyEntry'")) == 1


async def test_what_is_not_sealed_yet_waits(owner: asyncpg.Connection, place: Place) -> None:
    old = await read(owner, place, 31 * DAY)

    assert await forget() == 0

    assert await entries(place) == [old]


async def test_a_clock_that_is_ahead_forgets_nothing_early(
    owner: asyncpg.Connection, place: Place
) -> None:
    young = await read(owner, place, 29 * DAY)
    await seal(now=datetime.now(UTC))

    assert await forget_contact_reads(now=datetime.now(UTC) + 900 * DAY) == 0

    assert await entries(place) == [young]


async def test_a_read_that_nobody_tells_to_have_forgotten_is_missed(
    owner: asyncpg.Connection, place: Place
) -> None:
    await read(owner, place, 31 * DAY)
    hidden = await read(owner, place, 29 * DAY)
    await seal(now=datetime.now(UTC))
    await forget()
    await seal(now=datetime.now(UTC))

    number = await owner.fetchval(
        "select number from daily_entry_seal where company_id = $1 and entry_id = $2",
        place.company_id,
        hidden,
    )

    await owner.execute("delete from daily_entry where id = $1", hidden)

    assert (await verdict(place)).broken == Broken(Break.MISSING, number, hidden)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("delete from daily_entry where kind <> 'READ'", id="a change"),
        pytest.param("delete from daily_entry where object_type = 'Company'", id="a visit"),
        pytest.param("update daily_entry set user_id = 8 where kind = 'READ'", id="altered"),
    ],
)
async def test_everything_else_stays_even_for_the_owner(
    owner: asyncpg.Connection, place: Place, statement: str
) -> None:
    await read(owner, place, 900 * DAY)
    await read(owner, place, 900 * DAY, "Company")
    before: list[Any] = await owner.fetch("select * from daily_entry order by id")

    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute(statement)

    assert await owner.fetch("select * from daily_entry order by id") == before


async def test_only_the_function_deletes_reads(place: Place) -> None:
    for door in (access.system(), access.tenant(place.company_id)):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with door as connection:
                await connection.execute("delete from daily_entry where kind = 'READ'")

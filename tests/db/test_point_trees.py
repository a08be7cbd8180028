"""Changes of the trees of metering points take their locks in one order."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
from argon2 import PasswordHasher

from db import access
from db.enums import PointRole
from db.ids import PointId
from db.settings import Urls
from domain.identity.passwords import Passwords
from domain.metering import points
from domain.metering.points import LOCK_TREES
from tests.factories import NOW, Place
from tests.imports import imported, make_asker, workbook
from tests.waiting import others_wait


async def add_point(place: Place, code: str, parent_id: PointId | None = None) -> PointId:
    return await points.create(
        company_id=place.company_id,
        premises_id=place.supplies[0].premises_id,
        code=code,
        role=PointRole.CHECK,
        parent_id=parent_id,
    )


async def held_meanwhile(
    database: Urls, place: Place, change: Callable[[], Awaitable[object]], table: str, row_id: int
) -> bool:
    """Return whether a change has locked a row while it waits for whoever changes the trees."""
    other = await asyncpg.connect(database.owner)
    try:
        async with other.transaction():
            await other.execute(LOCK_TREES, place.company_id)
            changing = asyncio.ensure_future(change())
            await others_wait(other, 1)
            free = await other.fetch(
                f"select from {table} where company_id = $1 and id = $2"
                " for no key update skip locked",
                place.company_id,
                row_id,
            )
        await changing
    finally:
        await other.close()
    return not free


async def test_a_new_parent_waits_for_the_trees_before_it_holds_the_point(
    place: Place, database: Urls
) -> None:
    point_id, parent_id = await add_point(place, "A"), await add_point(place, "B")

    async def change() -> None:
        await points.update(
            company_id=place.company_id,
            point_id=point_id,
            expected_version=1,
            changes={"parent_id": parent_id},
            now=NOW,
        )

    assert not await held_meanwhile(database, place, change, "metering_point", point_id)


async def test_a_new_child_waits_for_the_trees_before_it_holds_the_premises(
    place: Place, database: Urls
) -> None:
    parent_id = await add_point(place, "A")
    premises_id = place.supplies[0].premises_id

    assert not await held_meanwhile(
        database, place, lambda: add_point(place, "B", parent_id), "premises", premises_id
    )


async def test_an_import_of_points_waits_for_the_trees_before_it_holds_any_premises(
    place: Place, database: Urls
) -> None:
    premises_id = place.supplies[0].premises_id
    async with access.tenant(place.company_id) as connection:
        names = await connection.fetchrow(
            "select b.name as branch, f.name as field, p.name from premises p"
            " join field f on f.company_id = p.company_id and f.id = p.field_id"
            " join branch b on b.company_id = f.company_id and b.id = f.branch_id"
            " where p.company_id = $1 and p.id = $2",
            place.company_id,
            premises_id,
        )
    assert names is not None
    sheet = [
        ("branch", "field", "premises", "code", "parent"),
        (*names, "A", None),
        (*names, "B", "A"),
    ]
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    asker = await make_asker(place.company_id, passwords)
    passwords.close()

    async def change() -> None:
        done = await imported(place.company_id, asker, workbook(metering_points=sheet))
        assert done["state"] == "SUCCEEDED"

    assert not await held_meanwhile(database, place, change, "premises", premises_id)

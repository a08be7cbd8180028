"""Whoever alters, removes or moves a daily entry is found out, even with every right there is."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from db import access
from db.ids import CompanyId
from db.settings import Urls
from domain.audit import sealing
from domain.audit.chain import Break, Broken, Head
from domain.audit.sealing import seal
from domain.audit.verification import Verdict, verify
from domain.hierarchy import branches
from tests.factories import NOW, Place, make_place

pytestmark = pytest.mark.usefixtures("connected")
LATER = NOW + timedelta(days=3650)


async def sealed_place() -> Place:
    place = await make_place(meters=0)
    for name in ("South", "East", "West"):
        await branches.create(company_id=place.company_id, name=name)
    await seal(now=NOW)
    return place


async def verdict(place: Place, *, head: Head | None = None) -> Verdict:
    heads = {} if head is None else {place.company_id: head}
    found = await verify(now=LATER, heads=heads)
    return next(one for one in found if one.company_id == place.company_id)


async def tamper(database: Urls, *statements: str) -> None:
    """Change what only the tables' owner can, with the guards switched off."""
    connection = await asyncpg.connect(database.owner)
    try:
        async with connection.transaction():
            for table in ("daily_entry", "daily_entry_seal"):
                await connection.execute(f"alter table {table} disable trigger user")
            for statement in statements:
                await connection.execute(statement)
            for table in ("daily_entry", "daily_entry_seal"):
                await connection.execute(f"alter table {table} enable trigger user")
    finally:
        await connection.close()


async def entry_ids(database: Urls, company_id: CompanyId) -> list[int]:
    connection = await asyncpg.connect(database.owner)
    try:
        rows = await connection.fetch(
            "select entry_id from daily_entry_seal where company_id = $1 order by number",
            company_id,
        )
    finally:
        await connection.close()
    return [row["entry_id"] for row in rows]


async def test_an_untouched_chain_holds(database: Urls) -> None:
    place = await sealed_place()

    found = await verdict(place)

    assert found.broken is None
    assert found.head.number == len(await entry_ids(database, place.company_id))


async def test_sealing_again_changes_nothing(database: Urls) -> None:
    place = await sealed_place()
    before = await verdict(place)

    assert await seal(now=NOW) == 0

    assert await verdict(place) == before


async def test_a_chain_goes_on_where_it_stood() -> None:
    place = await sealed_place()
    before = await verdict(place)

    await branches.create(company_id=place.company_id, name="Centre")
    await seal(now=NOW)

    after = await verdict(place, head=before.head)
    assert (after.head.number, after.broken) == (before.head.number + 1, None)


async def test_what_commits_later_is_chained_later(database: Urls) -> None:
    place = await make_place(meters=0)
    writer = await asyncpg.connect(database.owner)
    try:
        async with writer.transaction():
            add = "insert into branch (company_id, name) values ($1, 'Begun first')"
            await writer.execute(add, place.company_id)
            await branches.create(company_id=place.company_id, name="Ended first")
            await seal(now=NOW)
            between = await verdict(place)
    finally:
        await writer.close()

    assert await seal(now=NOW) == 1

    after = await verdict(place, head=between.head)
    *_, ended_first, begun_first = await entry_ids(database, place.company_id)
    assert (between.broken, after.broken) == (None, None)
    assert after.head.number == between.head.number + 1
    assert begun_first < ended_first


async def test_no_writer_waits_for_the_sealer() -> None:
    place = await make_place(meters=0)
    async with access.system() as sealer:
        sealed = await sealing._seal_batch(sealer, now=NOW)

        # The sealer holds all that it ever locks.
        await branches.create(company_id=place.company_id, name="South")

    assert sealed > 0
    assert await seal(now=NOW) == 1
    assert (await verdict(place)).broken is None


async def test_several_sealers_make_one_chain() -> None:
    places = [await make_place(meters=0) for _ in range(3)]
    for place in places:
        await branches.create(company_id=place.company_id, name="South")

    sealed = await asyncio.gather(*(seal(now=NOW) for _ in range(4)))

    found = await verify(now=LATER)
    assert sum(sealed) == sum(one.head.number for one in found)
    assert {one.broken for one in found} == {None}


async def test_an_altered_entry_is_named(database: Urls) -> None:
    place = await sealed_place()
    entry_id = (await entry_ids(database, place.company_id))[2]

    await tamper(database, f"update daily_entry set user_id = 666 where id = {entry_id}")

    assert (await verdict(place)).broken == Broken(Break.ALTERED, 3, entry_id)


async def test_a_removed_entry_is_named(database: Urls) -> None:
    place = await sealed_place()
    entry_id = (await entry_ids(database, place.company_id))[1]

    await tamper(database, f"delete from daily_entry where id = {entry_id}")

    assert (await verdict(place)).broken == Broken(Break.MISSING, 2, entry_id)


async def test_two_swapped_entries_are_named(database: Urls) -> None:
    place = await sealed_place()
    _, _, third, *_ = await entry_ids(database, place.company_id)
    company = f"company_id = {place.company_id}"

    await tamper(
        database,
        "alter table daily_entry_seal drop constraint seal_number",
        f"update daily_entry_seal set number = -2 where {company} and number = 2",
        f"update daily_entry_seal set number = 2 where {company} and number = 3",
        f"update daily_entry_seal set number = 3 where {company} and number = -2",
    )

    assert (await verdict(place)).broken == Broken(Break.REORDERED, 2, third)


async def test_a_chain_cut_off_behind_shows_by_its_head(database: Urls) -> None:
    place = await sealed_place()
    head = (await verdict(place)).head
    *_, last = await entry_ids(database, place.company_id)

    await tamper(
        database,
        f"delete from daily_entry_seal where entry_id = {last}",
        f"delete from daily_entry where id = {last}",
    )

    assert (await verdict(place)).broken is None
    assert (await verdict(place, head=head)).broken == Broken(Break.CUT, head.number, None)


async def test_an_entry_kept_from_the_sealer_is_named(database: Urls) -> None:
    place = await sealed_place()
    await branches.create(company_id=place.company_id, name="Centre")

    await tamper(database, "delete from unsealed_entry")
    await seal(now=NOW)

    broken = (await verdict(place)).broken
    assert broken is not None
    assert broken.kind is Break.UNSEALED
    by_twos = await verify(now=LATER, page=2)
    assert [one.broken for one in by_twos if one.company_id == place.company_id] == [broken]


async def test_the_chains_of_all_companies_are_followed() -> None:
    places = [await sealed_place() for _ in range(3)]

    found = await verify(now=LATER, page=2)

    assert {place.company_id for place in places} <= {one.company_id for one in found}
    assert {one.broken for one in found} == {None}

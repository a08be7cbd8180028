"""The database records every change of what is under record, and who made it."""

import json
from collections import Counter

import asyncpg
import pytest

from db import access
from db.acting import Actor, acting
from db.enums import ActorKind
from db.ids import CompanyId, UserId
from domain.hierarchy import branches
from tests.factories import make_place

DENIZ = Actor(kind=ActorKind.USER, user_id=UserId(7), role="OPERATOR", address="192.0.2.1")


async def entries(company_id: CompanyId, object_type: str) -> list[asyncpg.Record]:
    async with access.tenant(company_id) as connection:
        return await connection.fetch(
            "select * from daily_entry where company_id = $1 and object_type = $2 order by id",
            company_id,
            object_type,
        )


@pytest.mark.usefixtures("connected")
async def test_an_entry_says_who_did_what() -> None:
    place = await make_place(meters=0)

    with acting(DENIZ):
        branch_id = await branches.create(company_id=place.company_id, name="South")

    entry = (await entries(place.company_id, "Branch"))[-1]
    assert (entry["kind"], entry["object_id"]) == ("ADDED", branch_id)
    assert (entry["actor_kind"], entry["user_id"], entry["role"]) == ("USER", 7, "OPERATOR")
    assert entry["address"] == "192.0.2.1"
    assert entry["database_role"] == "wattledger_app"
    assert json.loads(entry["after"])["name"] == "South"
    assert entry["before"] is None


@pytest.mark.usefixtures("connected")
async def test_an_update_shows_only_what_changed() -> None:
    place = await make_place(meters=0)

    async with access.tenant(place.company_id) as connection:
        await connection.execute(
            "update branch set name = 'South', version = version + 1 where company_id = $1",
            place.company_id,
        )

    entry = (await entries(place.company_id, "Branch"))[-1]
    assert entry["kind"] == "UPDATED"
    assert json.loads(entry["before"]) == {"name": "North"}
    assert json.loads(entry["after"]) == {"name": "South"}


@pytest.mark.usefixtures("connected")
async def test_a_change_of_nothing_but_noise_leaves_no_entry() -> None:
    place = await make_place(meters=0)

    async with access.system() as connection:
        await connection.execute(
            "update collector set last_contact_at = now() where company_id = $1", place.company_id
        )

    assert [one["kind"] for one in await entries(place.company_id, "Collector")] == ["ADDED"]


@pytest.mark.usefixtures("connected")
async def test_a_secret_is_never_in_an_entry() -> None:
    place = await make_place(meters=0)

    entry = (await entries(place.company_id, "CollectorIdentity"))[0]

    assert json.loads(entry["after"])["token_hash"] == "*"  # noqa: S105 - not one


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize(
    "statement",
    ["update daily_entry set kind = 'READ'", "delete from daily_entry", "truncate daily_entry"],
)
async def test_nobody_alters_an_entry(statement: str) -> None:
    place = await make_place(meters=0)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with access.system() as connection:
            await connection.execute(statement)

    assert len(await entries(place.company_id, "Branch")) == 1


@pytest.mark.usefixtures("connected")
async def test_a_statement_that_changes_many_rows_tells_each_by_itself() -> None:
    place = await make_place(meters=0)
    async with access.tenant(place.company_id) as connection:
        await connection.execute(
            "insert into branch (company_id, name)"
            " select $1, 'B' || n from generate_series(1, 500) n",
            place.company_id,
        )
        await connection.execute(
            "update branch set name = name || ' of ' || id where company_id = $1", place.company_id
        )

    made = await entries(place.company_id, "Branch")

    kinds = Counter(one["kind"] for one in made)
    assert kinds == {"ADDED": 501, "UPDATED": 501}
    for one in made:
        if one["kind"] == "UPDATED":
            before, after = json.loads(one["before"]), json.loads(one["after"])
            assert after == {"name": f"{before['name']} of {one['object_id']}"}


# Equality alone can be hashed: comparing each row with each takes hours for many.
@pytest.mark.usefixtures("connected")
async def test_rows_before_and_after_are_put_together_by_equality() -> None:
    async with access.system() as connection:
        keys = await connection.fetch(
            """
            select c.relname, k.name from pg_trigger t
            join pg_class c on c.oid = t.tgrelid
            cross join lateral unnest((string_to_array(
                encode(t.tgargs, 'escape'), '\\000'))[2]::text[]) k (name)
            join pg_attribute a on a.attrelid = c.oid and a.attname = k.name
            where t.tgname = 'record_updated'
            group by c.relname, k.name having not bool_or(a.attnotnull)
            """
        )

    # A company's own rows and the platform's: who they are of is in no index.
    assert {row["name"] for row in keys} <= {"company_id"}

"""Proving the audit from the command line."""

from pathlib import Path

import asyncpg
import orjson
import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from cli.endings import REFUSED
from cli.migrate import make_usable
from db import access
from db.settings import Urls
from tests.cli.command_line import run
from tests.factories import KEYRING, NOW, make_place


async def make_entries(database: Urls) -> int:
    await make_usable(database, keyring=KEYRING, now=NOW)
    await access.connect(database, pool_size=2)
    try:
        return (await make_place(meters=0)).company_id
    finally:
        await access.close()


CUT_OFF = (
    """delete from daily_entry_seal where (company_id, number) in
        (select company_id, max(number) from daily_entry_seal group by 1)""",
    "delete from daily_entry where id not in (select entry_id from daily_entry_seal)",
)


SEALS = "select entry_id from daily_entry_seal where company_id = $1 order by number"
NEWEST = (
    "select number, hash from daily_entry_seal where company_id = $1 order by number desc limit 1"
)


async def fetch(database: Urls, query: str, company_id: int) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(database.owner)
    try:
        return list(await connection.fetch(query, company_id))
    finally:
        await connection.close()


async def tamper(database: Urls, *statements: str) -> None:
    """Do to entries and seals what only the tables' owner can."""
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


async def test_untouched_entries_hold(env: dict[str, str], database: Urls) -> None:
    await make_entries(database)

    assert run(env, "audit", "verify").returncode == 0


async def test_heads_are_signed_for_anybody_with_the_key(
    env: dict[str, str], database: Urls
) -> None:
    company_id = await make_entries(database)
    assert run(env, "audit", "verify").returncode == 0
    newest = (await fetch(database, NEWEST, company_id))[0]

    heads = run(env, "audit", "heads").stdout.split()

    key = OKPKey.import_key(orjson.loads(run(env, "audit", "key").stdout))
    claims = [
        orjson.loads(jws.deserialize_compact(head, key, algorithms=["Ed25519"]).payload)
        for head in heads
    ]
    (own,) = [one for one in claims if one["company"] == company_id]
    assert own == {
        "company": company_id,
        "number": newest["number"],
        "hash": newest["hash"].hex(),
    }


@pytest.mark.parametrize(
    ("done", "statements"),
    [
        pytest.param("ALTERED", ["update daily_entry set user_id = 666 where {second}"], id="one"),
        pytest.param("MISSING", ["delete from daily_entry where {second}"], id="none"),
        pytest.param(
            "REORDERED",
            [
                "update daily_entry_seal set number = -2 where number = 2 and {company}",
                "update daily_entry_seal set number = 2 where number = 3 and {company}",
                "update daily_entry_seal set number = 3 where number = -2 and {company}",
            ],
            id="two",
        ),
    ],
)
async def test_the_first_entry_that_was_touched_is_named(
    env: dict[str, str], database: Urls, done: str, statements: list[str]
) -> None:
    company_id = await make_entries(database)
    assert run(env, "audit", "verify").returncode == 0
    _, second, third, *_ = [row["entry_id"] for row in await fetch(database, SEALS, company_id)]
    facts = {"company": f"company_id = {company_id}", "second": f"id = {second}"}
    await tamper(
        database,
        "alter table daily_entry_seal drop constraint seal_number",
        *(statement.format(**facts) for statement in statements),
    )

    found = run(env, "audit", "verify")

    named = third if done == "REORDERED" else second
    assert found.returncode == REFUSED
    assert f"{done} at 2, entry {named}" in found.stdout


async def test_a_chain_that_was_cut_off_fails_against_its_head(
    env: dict[str, str], database: Urls, tmp_path: Path
) -> None:
    await make_entries(database)
    heads = tmp_path / "heads"
    heads.write_text(run(env, "audit", "heads").stdout)
    await tamper(database, *CUT_OFF)

    alone, against = run(env, "audit", "verify"), run(env, "audit", "verify", f"--heads={heads}")

    assert alone.returncode == 0
    assert against.returncode == REFUSED
    assert "CUT" in against.stdout


async def test_forged_heads_are_refused(
    env: dict[str, str], database: Urls, tmp_path: Path
) -> None:
    await make_entries(database)
    heads = tmp_path / "heads"
    heads.write_text(run({**env, "WATTLEDGER_TOKEN_SECRET": "x" * 40}, "audit", "heads").stdout)

    refused = run(env, "audit", "verify", f"--heads={heads}")

    assert refused.returncode == REFUSED
    assert "not signed with this key" in refused.stderr

"""Proving the audit from the command line."""

from pathlib import Path

import asyncpg
import orjson
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


async def cut_off(database: Urls) -> None:
    """Take the newest entry and its seal away, as only the tables' owner can."""
    connection = await asyncpg.connect(database.owner)
    try:
        async with connection.transaction():
            for table in ("daily_entry", "daily_entry_seal"):
                await connection.execute(f"alter table {table} disable trigger user")
            await connection.execute(
                "delete from daily_entry_seal where (company_id, number) in"
                " (select company_id, max(number) from daily_entry_seal group by 1)"
            )
            await connection.execute(
                "delete from daily_entry where id not in (select entry_id from daily_entry_seal)"
            )
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

    heads = run(env, "audit", "heads").stdout.split()

    key = OKPKey.import_key(orjson.loads(run(env, "audit", "key").stdout))
    claims = [
        orjson.loads(jws.deserialize_compact(head, key, algorithms=["Ed25519"]).payload)
        for head in heads
    ]
    assert company_id in {one["company"] for one in claims}


async def test_a_chain_that_was_cut_off_fails_against_its_head(
    env: dict[str, str], database: Urls, tmp_path: Path
) -> None:
    await make_entries(database)
    heads = tmp_path / "heads"
    heads.write_text(run(env, "audit", "heads").stdout)
    await cut_off(database)

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

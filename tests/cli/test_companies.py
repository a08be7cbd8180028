"""Founding and listing companies from the command line."""

import asyncpg

from cli.endings import REFUSED
from db.settings import Urls
from tests.cli.command_line import run

ANADOLU = ("company", "create", "Anadolu", "--currency", "TRY", "--time-zone", "Europe/Istanbul")


async def test_a_company_is_founded_with_its_administrator_and_listed(
    env: dict[str, str], database: Urls
) -> None:
    made = run(env, *ANADOLU, "--administrator", "a@b.example", said="a long password\n")
    listed = run(env, "company", "list")

    assert made.returncode == 0, made.stderr
    assert "a@b.example can sign in as its administrator." in made.stdout
    assert "Anadolu" in listed.stdout
    owner = await asyncpg.connect(database.owner)
    role = await owner.fetchval(
        "select m.role from membership m join company c on c.id = m.company_id"
        " where c.name = 'Anadolu'"
    )
    await owner.close()
    assert role == "ADMINISTRATOR"


async def test_no_company_is_founded_on_bad_values(env: dict[str, str], database: Urls) -> None:
    refused = run(env, *ANADOLU[:-1], "Mars/Olympus")

    assert refused.returncode == REFUSED
    assert "The time zone is not valid" in refused.stderr
    owner = await asyncpg.connect(database.owner)
    count = await owner.fetchval("select count(*) from company")
    await owner.close()
    assert count == 0

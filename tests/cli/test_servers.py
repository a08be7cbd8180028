"""The servers that all tests share."""

import time
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from cli.embedded.server import HomeInUse
from cli.embedded.valkey import Valkey
from db.settings import Urls
from tests.servers import START_S_MAX, Addresses, remove_left_behind


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_has_a_migrated_database_of_its_own(database: Urls, turn: int) -> None:
    connection = await asyncpg.connect(database.owner, timeout=60)

    try:
        await connection.execute("CREATE TABLE only_here (turn int)")
        companies = await connection.fetchval("SELECT count(*) FROM company")
    finally:
        await connection.close()

    assert companies == 0


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_has_an_empty_redis(redis_url: str, turn: int) -> None:
    async with Redis.from_url(redis_url) as client:
        assert await client.incr("turns") == 1


async def test_nobody_connects_to_the_template(servers: Addresses) -> None:
    with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError):
        await asyncpg.connect(servers.owner, timeout=60)


def test_what_a_killed_run_left_is_removed_and_a_living_one_is_not(open_folder: Path) -> None:
    parent = open_folder / "runs"
    dead, living = parent / "wattledger-tests-dead", parent / "wattledger-tests-living"
    dead.mkdir(parents=True)

    with Valkey(living / "valkey"):
        remove_left_behind(parent, now_s=time.time() + START_S_MAX)

        assert list(parent.iterdir()) == [living]
        with pytest.raises(HomeInUse):
            Valkey(living / "valkey").start()


def test_a_run_that_is_starting_is_let_alone(open_folder: Path) -> None:
    starting = open_folder / "starts" / "wattledger-tests-starting"
    starting.mkdir(parents=True)

    remove_left_behind(starting.parent, now_s=time.time())

    assert list(starting.parent.iterdir()) == [starting]

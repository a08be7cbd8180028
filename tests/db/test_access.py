"""The doors to PostgreSQL when connections break: what fails costs one transaction and no more."""

from typing import Any

import pytest
from asyncpg.pool import Pool
from asyncpg.transaction import Transaction

from db import access
from db.settings import Urls

POOL_SIZE = 2


class Broken(ConnectionError):
    """What a library says of a connection that is gone."""


async def break_down(transaction: Any) -> None:
    transaction._connection.terminate()
    raise Broken


release = Pool.release


async def release_and_break_down(pool: Any, connection: Any, **options: Any) -> None:
    await release(pool, connection, **options)
    raise Broken


@pytest.fixture
async def connected(database: Urls) -> Any:
    await access.connect(database, pool_size=POOL_SIZE)
    yield
    await access.close()


@pytest.mark.parametrize(
    ("library", "step", "broken_step"),
    [
        pytest.param(Transaction, "start", break_down, id="begin"),
        pytest.param(Transaction, "commit", break_down, id="commit"),
        pytest.param(Pool, "release", release_and_break_down, id="giving the connection back"),
    ],
)
async def test_what_breaks_one_transaction_spoils_none_after_it(
    connected: None, monkeypatch: pytest.MonkeyPatch, library: type, step: str, broken_step: Any
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(library, step, broken_step)
        with pytest.raises(Broken):
            async with access.system() as connection:
                await connection.fetchval("select 1")

    async with access.system() as connection:
        assert await connection.fetchval("select 1") == 1


async def test_transactions_that_cannot_begin_use_up_no_connections(
    connected: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Transaction, "start", break_down)
        for _ in range(POOL_SIZE + 1):
            with pytest.raises(Broken):
                async with access.system():
                    pass

    async with access.system() as connection:
        assert await connection.fetchval("select 1") == 1


async def test_an_error_comes_out_as_it_is_though_the_roll_back_fails_too(
    connected: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Transaction, "rollback", break_down)

    with pytest.raises(ZeroDivisionError):
        async with access.system():
            raise ZeroDivisionError


async def test_a_snapshot_may_last_longer_than_other_transactions(connected: None) -> None:
    async with access.system(snapshot=True) as connection:
        await connection.execute("set local transaction_timeout = 0")
        await connection.execute("set local transaction_timeout = '1s'")
        await connection.execute(access.LAST_LONGER)
        await connection.execute("select pg_sleep(1.5)")

        assert await connection.fetchval("select 1") == 1

"""The bell over Redis, and without it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from time import monotonic

import pytest
from redis.asyncio import Redis

from cli.embedded.ports import choose_port
from cli.embedded.valkey import Valkey
from db.bell import SAY_TIMEOUT_S, Bell, Word
from tests.waiting import PATIENCE_S, until

CHANNEL = "bell_test"
# Should each wait for its time-out, they take longer than any busy machine takes for one.
RINGS = 40
PAUSE_MS = 60_000


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    """Lend a server that no other test uses."""
    server = Valkey(tmp_path)
    yield server
    server.stop()


@pytest.fixture
async def own_redis_url(valkey: Valkey) -> str:
    return await asyncio.to_thread(valkey.start)


@pytest.fixture
async def bell(redis_url: str, worker_number: int) -> AsyncIterator[Bell]:
    async with Bell(redis_url, f"{CHANNEL}_{worker_number}") as bell:
        await until(lambda: bell.is_connected)
        yield bell


async def heard(bell: Bell, word: Word, *, by: Bell) -> None:
    """Ring until it is heard, for on a busy machine a ring may be lost."""
    async with asyncio.timeout(PATIENCE_S):
        waiting = asyncio.create_task(bell.wait(word, PATIENCE_S))
        while not waiting.done():
            await by.ring(word)
            await asyncio.wait([waiting], timeout=1)
    assert await waiting is True


async def test_ring_wakes_another_process(bell: Bell, redis_url: str, worker_number: int) -> None:
    async with Bell(redis_url, f"{CHANNEL}_{worker_number}") as other:
        await until(lambda: other.is_connected)

        await heard(bell, "outbox", by=other)


async def test_ring_before_the_wait_is_kept(bell: Bell) -> None:
    await bell.ring("frames")
    await bell.ring("frames")
    await bell.ring("outbox")
    # Rings come in their order.
    assert await bell.wait("outbox", PATIENCE_S) is True

    assert await bell.wait("frames", 0.1) is True
    assert await bell.wait("frames", 0.1) is False


async def test_words_are_told_apart(bell: Bell) -> None:
    await bell.ring("frames")

    assert await bell.wait("outbox", 0.2) is False


async def test_other_database_is_not_woken(bell: Bell, redis_url: str) -> None:
    async with Bell(redis_url, "another_database") as other:
        await until(lambda: other.is_connected)
        await other.ring("outbox")

        assert await bell.wait("outbox", 0.2) is False


async def test_unknown_word_wakes_nobody(bell: Bell, redis_url: str, worker_number: int) -> None:
    async with Redis.from_url(redis_url) as client:
        await client.publish(f"wattledger:{CHANNEL}_{worker_number}:bell", b"\xff\x00")

    assert await bell.wait("outbox", 0.2) is False
    assert bell.is_connected


async def test_idle_line_stays_connected(bell: Bell) -> None:
    await asyncio.sleep(2.5)

    assert bell.is_connected


async def test_rings_arrive_again_after_the_connection_was_killed(own_redis_url: str) -> None:
    async with Bell(own_redis_url, CHANNEL) as bell:
        await until(lambda: bell.is_connected)
        async with Redis.from_url(own_redis_url) as client:
            assert await client.client_kill_filter(_type="pubsub") == 1
        await until(lambda: not bell.is_connected)
        await until(lambda: bell.is_connected)

        await heard(bell, "outbox", by=bell)


async def test_rings_arrive_again_after_the_server_restarted(
    valkey: Valkey, own_redis_url: str
) -> None:
    async with Bell(own_redis_url, CHANNEL) as bell:
        await until(lambda: bell.is_connected)
        await asyncio.to_thread(valkey.kill)
        await until(lambda: not bell.is_connected)
        assert await asyncio.to_thread(valkey.start) == own_redis_url
        await until(lambda: bell.is_connected)

        await heard(bell, "frames", by=bell)


async def test_without_redis_ringing_is_quick_and_waiting_times_out(tmp_path: Path) -> None:
    nobody = f"redis://127.0.0.1:{choose_port(tmp_path / 'port')}/0"
    async with Bell(nobody, CHANNEL) as bell:
        started = monotonic()
        for _ in range(RINGS):
            await bell.ring("outbox")
        rung = await bell.wait("outbox", 0.1)

        assert rung is False
        assert monotonic() - started < RINGS * SAY_TIMEOUT_S / 2


async def test_server_that_does_not_answer_holds_nobody_up(
    valkey: Valkey, own_redis_url: str
) -> None:
    async with Bell(own_redis_url, CHANNEL) as bell, Redis.from_url(own_redis_url) as client:
        await until(lambda: bell.is_connected)
        await client.client_pause(PAUSE_MS)
        started = monotonic()
        for _ in range(RINGS):
            await bell.ring("outbox")

        assert monotonic() - started < RINGS * SAY_TIMEOUT_S / 2
        assert not bell.is_connected


async def test_closed_bell_is_silent(bell: Bell) -> None:
    await bell.close()
    await bell.close()
    await bell.ring("outbox")

    assert await bell.wait("outbox", 0.1) is False


async def test_bell_that_is_closed_while_it_connects_hangs_up(redis_url: str) -> None:
    for turns in range(120):
        async with asyncio.timeout(PATIENCE_S), Bell(redis_url, f"{CHANNEL}_{turns}") as bell:
            for _ in range(turns):
                await asyncio.sleep(0)

        assert not bell.is_connected

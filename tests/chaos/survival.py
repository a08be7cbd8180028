"""Load, kills and an absent Redis; then everything is compared with what should be there."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg

from api.global_ids import encode
from collectors.simulator.clock import FastClock
from db import access
from domain.frames.operations import DIGEST_BYTES
from tests.acceptance.client import PASSWORD, Client, add_administrator, following
from tests.chaos.books import balances_due, charges_due
from tests.chaos.field import SimulatedField, make_field
from tests.chaos.site import Site, running_site
from tests.chaos.storm import Say, storm

EMAIL = "operator@example.com"
COLLECTORS = 3
METERS_PER_COLLECTOR = 20
# Ten rounds of readouts a second; simulated time stays in the past, or stamps would be held.
SPEED = 900.0
SIMULATED_FROM = timedelta(days=4)
OPENED_BEFORE = timedelta(days=6)
SETTLED_S = 2.0
DELIVERED_S_MAX = 10.0
DRAINED_S_MAX = 60.0
LOOK_EVERY_S = 0.1
WAITING = "select exists (select from pending_frame)"


async def survive(*, kills: int, seed: int, redis_away_s: float, say: Say) -> None:
    """Kill, take Redis away, and prove that nothing is lost, doubled or wrong to the last digit."""
    say(f"\nseed {seed}\n")
    now = datetime.now(UTC)
    with running_site() as site:
        field = await _prepare(site, now)
        clock = FastClock(start=now - SIMULATED_FROM, speed=SPEED, monotonic=time.monotonic)
        async with field.pushing(site.console.gateway_port, clock=clock, speed=SPEED):
            await storm(site.victims, kills=kills, seed=seed, say=say)
            await _without_redis(site, field, seconds=redis_away_s, say=say)
        await _drained(site)
        say(f"{len(field.acked)} frames acknowledged\n")
        await _check(site, field)


async def _prepare(site: Site, now: datetime) -> SimulatedField:
    await access.connect(site.urls, pool_size=2)
    try:
        async with access.system() as connection:
            await connection.fetchval("select ensure_partitions($1, 7, 2)", now)
        field = await make_field(
            collectors=COLLECTORS, meters=METERS_PER_COLLECTOR, opened_at=now - OPENED_BEFORE
        )
        await add_administrator(field.places[0].company_id, EMAIL, now)
    finally:
        await access.close()
    return field


@dataclass(slots=True)
class Delivered:
    """When the first company's readings came out of a subscription, by meter and instant."""

    at_s: dict[tuple[str, str], float] = field(default_factory=dict)

    async def follow(self, client: Client) -> None:
        """Note what comes until cancelled."""
        while True:
            message = await client.socket.receive()
            if message["id"] == "readings":
                received = message["payload"]["data"]["readingReceived"]["readings"]
                for one in received:
                    self.at_s[one["meterId"], one["reading"]["readAt"]] = time.monotonic()


async def _without_redis(site: Site, field: SimulatedField, *, seconds: float, say: Say) -> None:
    """Take Redis away, and expect what is read meanwhile in a subscription all the same."""
    await asyncio.sleep(SETTLED_S)
    async with _delivered(site) as delivered:
        from_s = time.monotonic()
        await asyncio.to_thread(site.redis.kill)
        await asyncio.sleep(seconds)
        company_id = field.places[0].company_id
        read_s = {
            (encode("Meter", supplied.meter_id), shown.at.isoformat()): shown.read_s
            for supplied, shown in field.shown
            if supplied.company_id == company_id and shown.read_s >= from_s
        }
        async with asyncio.timeout(DELIVERED_S_MAX):
            while not read_s.keys() <= delivered.at_s.keys():  # noqa: ASYNC110 - it is elsewhere
                await asyncio.sleep(LOOK_EVERY_S)
        await asyncio.to_thread(site.redis.start)
    lags_s = [delivered.at_s[key] - since_s for key, since_s in read_s.items()]
    say(f"without Redis {len(lags_s)} readings came out within {max(lags_s):.2f} s\n")
    assert max(lags_s) < DELIVERED_S_MAX


@asynccontextmanager
async def _delivered(site: Site) -> AsyncIterator[Delivered]:
    delivered = Delivered()
    async with following(site.console.api_port, email=EMAIL, password=PASSWORD) as client:
        task = asyncio.create_task(delivered.follow(client))
        try:
            yield delivered
        finally:
            task.cancel()
            await asyncio.wait([task])
        if not task.cancelled():
            raise RuntimeError("the socket ended early") from task.exception()


async def _drained(site: Site) -> None:
    connection = await asyncpg.connect(site.urls.owner)
    try:
        async with asyncio.timeout(DRAINED_S_MAX):
            while await connection.fetchval(WAITING):  # noqa: ASYNC110 - it is in other processes
                await asyncio.sleep(LOOK_EVERY_S)
    finally:
        await connection.close()


async def _check(site: Site, field: SimulatedField) -> None:
    connection = await asyncpg.connect(site.urls.owner)
    try:
        await _check_frames(connection, field)
        await _check_books(connection, field)
    finally:
        await connection.close()
    verified = await asyncio.to_thread(site.console.run, "ledger", "verify")
    assert verified.returncode == 0, verified.stdout


async def _check_frames(connection: asyncpg.Connection, field: SimulatedField) -> None:
    """Expect every acknowledged frame in the store, and a reading of everything shown."""
    stored = {row["digest"] for row in await connection.fetch("select digest from raw_frame")}
    assert {digest[:DIGEST_BYTES] for digest in field.acked} - stored == set()
    assert sum(collector.counters.skipped for collector in field.collectors) == 0
    assert await connection.fetch("select frame_id, reason from review_frame") == []
    assert await connection.fetch("select * from held_reading") == []
    assert await connection.fetch("select * from reading_conflict") == []
    rows = await connection.fetch("select meter_id, ts, index_wh from reading")
    assert Counter(map(tuple, rows)) == Counter(
        (supplied.meter_id, shown.at, shown.index_wh) for supplied, shown in field.shown
    )


async def _check_books(connection: asyncpg.Connection, field: SimulatedField) -> None:
    due = charges_due(field)
    charged = await connection.fetch(
        "select company_id, account_id, local_date, charged_micro from accrual"
    )
    assert {tuple(row)[:3]: row["charged_micro"] for row in charged} == dict(due)
    balances = await connection.fetch(
        "select company_id, account_id, balance_micro from account_balance"
    )
    assert {tuple(row)[:2]: row["balance_micro"] for row in balances} == dict(balances_due(due))

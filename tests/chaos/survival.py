"""Load, kills and an absent Redis; then everything is compared with what should be there."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

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
# A round of readouts at this speed takes a second; simulated time stays in the past, or stamps
# would be held.
SPEED_OF_A_ROUND = 90.0
SIMULATED_FROM = timedelta(days=4)
OPENED_BEFORE = timedelta(days=6)
SETTLED_S = 2.0
DRAINED_S_MAX = 120.0
LOOK_EVERY_S = 0.1
WAITING = "select exists (select from pending_frame)"


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What there is after a storm, or has to be: the rest is nothing.

    frames_lost: digests of what was acknowledged and is not in the store.
    set_aside: frames to review, and readings that are held or in conflict.
    readings: meter, instant and index, and how often each is there.
    charged, balances: in millionths, by company, account and local day.
    verify_status: what the check of the books exits with.
    """

    readings: Counter[tuple[Any, ...]]
    charged: dict[tuple[Any, ...], int]
    balances: dict[tuple[Any, ...], int]
    frames_lost: set[bytes] = field(default_factory=set)
    readings_skipped: int = 0
    set_aside: list[asyncpg.Record] = field(default_factory=list)
    verify_status: int = 0


@dataclass(frozen=True, slots=True)
class Survival:
    """What is there, what has to be, and how late readings were delivered without Redis."""

    found: Aftermath
    expected: Aftermath
    lag_s_max: float


async def survive(
    *,
    kills: int,
    seed: int,
    redis_away_s: float,
    rounds_per_s: int,
    delivered_s_max: float,
    say: Say,
) -> Survival:
    """Kill, take Redis away, and return what is there then and what has to be.

    delivered_s_max: how long to wait for what was read while there was no Redis.
    """
    speed = rounds_per_s * SPEED_OF_A_ROUND
    say(f"\nseed {seed}\n")
    now = datetime.now(UTC)
    with running_site() as site:
        field = await _prepare(site, now)
        clock = FastClock(start=now - SIMULATED_FROM, speed=speed, monotonic=time.monotonic)
        async with field.pushing(site.console.gateway_port, clock=clock, speed=speed):
            await storm(site.victims, kills=kills, seed=seed, say=say)
            lag_s_max = await _without_redis(
                site, field, seconds=redis_away_s, lag_s_max=delivered_s_max, say=say
            )
        await _drained(site)
        say(f"{len(field.acked)} frames acknowledged\n")
        return Survival(await _found(site, field, say=say), _expected(field), lag_s_max)


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


async def _without_redis(
    site: Site, field: SimulatedField, *, seconds: float, lag_s_max: float, say: Say
) -> float:
    """Take Redis away, and expect what is read meanwhile in a subscription all the same.

    Returns how long it took to come out, at most, in seconds.
    """
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
        async with asyncio.timeout(lag_s_max):
            while not read_s.keys() <= delivered.at_s.keys():  # noqa: ASYNC110 - it is elsewhere
                await asyncio.sleep(LOOK_EVERY_S)
        await asyncio.to_thread(site.redis.start)
    lags_s = [delivered.at_s[key] - since_s for key, since_s in read_s.items()]
    say(f"without Redis {len(lags_s)} readings came out within {max(lags_s):.2f} s\n")
    return max(lags_s)


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


async def _found(site: Site, field: SimulatedField, *, say: Say) -> Aftermath:
    connection = await asyncpg.connect(site.urls.owner)
    try:
        frames = await connection.fetch("select digest from raw_frame")
        readings = await connection.fetch("select meter_id, ts, index_wh from reading")
        charged = await connection.fetch(
            "select company_id, account_id, local_date, charged_micro from accrual"
        )
        balances = await connection.fetch(
            "select company_id, account_id, balance_micro from account_balance"
        )
        set_aside = [
            *await connection.fetch("select frame_id, reason from review_frame"),
            *await connection.fetch("select * from held_reading"),
            *await connection.fetch("select * from reading_conflict"),
        ]
    finally:
        await connection.close()
    verified = await asyncio.to_thread(site.console.run, "ledger", "verify")
    if verified.returncode:
        say(verified.stdout)
    return Aftermath(
        frames_lost={digest[:DIGEST_BYTES] for digest in field.acked}
        - {row["digest"] for row in frames},
        readings_skipped=sum(collector.counters.skipped for collector in field.collectors),
        set_aside=set_aside,
        readings=Counter(map(tuple, readings)),
        charged={tuple(row)[:3]: row["charged_micro"] for row in charged},
        balances={tuple(row)[:2]: row["balance_micro"] for row in balances},
        verify_status=verified.returncode,
    )


def _expected(field: SimulatedField) -> Aftermath:
    due = charges_due(field)
    return Aftermath(
        readings=Counter(
            (supplied.meter_id, shown.at, shown.index_wh) for supplied, shown in field.shown
        ),
        charged=dict(due),
        balances=dict(balances_due(due)),
    )

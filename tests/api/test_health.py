"""Health pages say what an operator has to know, also while things are down."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import asyncpg
import httpx
import pytest
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from api.health import health_routes
from api.live import LiveFeed
from db import access
from db.bell import Bell
from db.ids import CompanyId
from db.migrate import migrate
from db.settings import Urls
from tests.factories import NOW, make_place
from tests.outbox_rows import others_have_ended, put_row

NO_REDIS = "redis://127.0.0.1:1/0"


@dataclass(frozen=True, slots=True)
class Pages:
    """The health pages of an API without Redis."""

    client: httpx.AsyncClient

    async def metrics(self) -> dict[str, float]:
        page = await self.client.get("/metrics")
        assert page.status_code == 200
        lines = [line for line in page.text.splitlines() if line.startswith("wattledger_")]
        return {line.split(" ")[0]: float(line.split(" ")[1]) for line in lines}


def pages_at(clock: Callable[[], datetime]) -> Pages:
    bell = Bell(NO_REDIS, "nowhere")
    feed = LiveFeed(clock=clock, bell=bell)
    routes = health_routes(clock=clock, bell=bell, feed=feed, registry=CollectorRegistry())
    transport = httpx.ASGITransport(app=Starlette(routes=routes))
    return Pages(httpx.AsyncClient(transport=transport, base_url="http://test"))


@pytest.fixture
async def pages(database: Urls) -> AsyncIterator[Pages]:
    await access.connect(database)
    pages = pages_at(lambda: NOW)
    yield pages
    await pages.client.aclose()
    await access.close()


async def test_process_is_alive(pages: Pages) -> None:
    page = await pages.client.get("/healthz")

    assert (page.status_code, page.text) == (200, "ok\n")


async def test_missing_redis_only_degrades(pages: Pages) -> None:
    page = await pages.client.get("/readyz")

    assert (page.status_code, page.text) == (200, "database ok\nredis degraded\n")


async def test_database_of_an_older_release_is_not_ready(pages: Pages, database: Urls) -> None:
    await access.close()
    await migrate(database.owner, target="wattledger.m0004_readings")
    await access.connect(database)

    page = await pages.client.get("/readyz")

    assert (page.status_code, page.text) == (503, "database failed\nredis degraded\n")


async def test_unreachable_database_is_not_ready_and_raises_the_alarm(
    pages: Pages, database: Urls
) -> None:
    await access.close()
    await access.connect(database.of("no_such_database"))

    page = await pages.client.get("/readyz")

    assert page.status_code == 503
    assert await pages.metrics() == {
        "wattledger_live_listeners": 0,
        "wattledger_bell_connected": 0,
        'wattledger_alarm{name="database"}': 1,
    }


async def test_quiet_system_raises_no_alarm(pages: Pages) -> None:
    metrics = await pages.metrics()

    assert metrics["wattledger_pending_frames"] == 0
    assert metrics["wattledger_pending_frame_oldest_seconds"] == 0
    assert [name for name, value in metrics.items() if "alarm" in name and value] == []


async def test_old_pending_frame_raises_the_alarm(pages: Pages) -> None:
    place = await make_place(meters=0)
    async with access.system() as connection:
        await connection.execute(
            "insert into pending_frame (company_id, frame_id, received_at, bucket)"
            " values ($1, 1, $2, 0), ($1, 2, $3, 0)",
            place.company_id,
            NOW - timedelta(seconds=61),
            NOW,
        )

    metrics = await pages.metrics()

    assert metrics["wattledger_pending_frames"] == 2
    assert metrics["wattledger_pending_frame_oldest_seconds"] == 61
    assert metrics['wattledger_alarm{name="oldest_pending_frame"}'] == 1


async def test_day_is_overdue_from_its_end_in_the_zone_of_the_company(pages: Pages) -> None:
    place = await make_place(meters=0, time_zone="Europe/Istanbul")
    async with access.system() as connection:
        await connection.execute(
            "insert into open_day (company_id, local_date) values ($1, $2), ($1, $3)",
            place.company_id,
            date(2026, 3, 17),
            date(2026, 3, 18),
        )

    metrics = await pages.metrics()

    # 18 March began at 21:00 UTC; it is noon.
    name = f'wattledger_day_close_overdue_seconds{{company="{place.company_id}"}}'
    assert metrics[name] == 15 * 3600
    assert metrics['wattledger_alarm{name="day_close"}'] == 1


async def test_month_whose_invoices_are_not_made_within_a_day_raises_the_alarm(
    pages: Pages,
) -> None:
    place = await make_place(meters=0)
    runs = [
        (date(2025, 12, 1), NOW - timedelta(days=60), 7, NOW),
        (date(2026, 1, 1), NOW - timedelta(hours=25), 2, None),
        (date(2026, 2, 1), NOW - timedelta(hours=23), 1, None),
    ]
    async with access.system() as connection:
        await connection.executemany(
            "insert into invoicing_run (company_id, month, begun_at, failed, ended_at)"
            " values ($1, $2, $3, $4, $5)",
            [(place.company_id, *run) for run in runs],
        )

    metrics = await pages.metrics()

    assert metrics["wattledger_invoicing_runs_open"] == 2
    assert metrics["wattledger_invoicing_runs_late"] == 1
    assert metrics["wattledger_invoicing_accounts_failed"] == 3
    assert metrics['wattledger_alarm{name="invoicing"}'] == 1


async def test_event_that_a_running_transaction_holds_back_is_lag(
    pages: Pages, database: Urls
) -> None:
    slow = await asyncpg.connect(database.system)
    async with slow.transaction():
        await slow.execute("select pg_current_xact_id()")
        async with access.system() as connection:
            await put_row(connection, CompanyId(1), created_at=NOW - timedelta(seconds=11))
        held_back = await pages.metrics()
    await slow.close()
    await others_have_ended()
    afterwards = await pages.metrics()

    assert held_back["wattledger_outbox_lag_seconds"] == 11
    assert held_back['wattledger_alarm{name="outbox_lag"}'] == 1
    assert afterwards["wattledger_outbox_lag_seconds"] == 0

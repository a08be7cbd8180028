"""Health pages of processes without an API."""

from datetime import timedelta

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter

from collectors.health_server import REQUEST_BYTES_MAX, serve_health
from domain.health import Vitals

VITALS = Vitals(
    outbox_lag=timedelta(),
    pending_frames=3,
    oldest_pending_frame=timedelta(seconds=2),
    review_frames=0,
    held_readings=1_001,
    day_close_overdue={},
    invoicing_runs_open=0,
    invoicing_runs_late=0,
    invoicing_accounts_failed=0,
)


async def answer(
    path: str, *, is_ready: bool = True, vitals: Vitals | None = VITALS, method: str = "GET"
) -> httpx.Response:
    async def check() -> bool:
        return is_ready

    async def measure() -> Vitals | None:
        return vitals

    registry = CollectorRegistry()
    Counter("frames_stored", "Frames.", registry=registry).inc(5)
    async with (
        serve_health(
            host="127.0.0.1", port=0, registry=registry, checks={"database": check}, measure=measure
        ) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        return await client.request(method, path)


async def test_process_is_alive() -> None:
    page = await answer("/healthz", is_ready=False)

    assert (page.status_code, page.text) == (200, "ok\n")


@pytest.mark.parametrize(
    ("is_ready", "expected"),
    [
        pytest.param(True, (200, "database ok\n"), id="ready"),
        pytest.param(False, (503, "database failed\n"), id="not ready"),
    ],
)
async def test_readiness_is_what_the_checks_say(is_ready: bool, expected: tuple[int, str]) -> None:
    page = await answer("/readyz", is_ready=is_ready)

    assert (page.status_code, page.text) == expected


async def test_metrics_are_the_process_and_the_vitals() -> None:
    page = await answer("/metrics")

    lines = page.text.splitlines()
    assert "frames_stored_total 5.0" in lines
    assert "wattledger_pending_frames 3.0" in lines
    assert 'wattledger_alarm{name="held_readings"} 1.0' in lines
    assert 'wattledger_alarm{name="oldest_pending_frame"} 0.0' in lines
    assert page.headers["content-type"].startswith("text/plain; version=")


async def test_metrics_without_a_database_are_the_process_and_an_alarm() -> None:
    page = await answer("/metrics", vitals=None)

    lines = page.text.splitlines()
    assert "frames_stored_total 5.0" in lines
    assert 'wattledger_alarm{name="database"} 1.0' in lines
    assert not any(line.startswith("wattledger_pending_frames") for line in lines)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/elsewhere", 404, id="unknown page"),
        pytest.param("POST", "/healthz", 405, id="unknown method"),
        pytest.param("GET", "/" + "x" * REQUEST_BYTES_MAX, None, id="too long"),
    ],
)
async def test_nothing_else_is_answered(method: str, path: str, status: int | None) -> None:
    try:
        answered: int | None = (await answer(path, method=method)).status_code
    except httpx.HTTPError:
        answered = None

    assert answered == status

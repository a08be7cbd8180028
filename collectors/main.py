"""The gateway process: the listening socket and the writer behind it."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, Gauge

from collectors.drivers.mass.push import PushSession
from collectors.frame_writer import FrameWriter
from collectors.gateway import Admission, Gateway
from collectors.health_server import serve_health
from db import access
from db.bell import Bell
from db.settings import Settings, Urls
from domain.health import is_ready, vitals

POOL_SIZE = 4


async def run(
    settings: Settings,
    urls: Urls,
    redis_url: str,
    *,
    clock: Callable[[], datetime],
    listening: Callable[[str, int], None] = lambda _host, _port: None,
) -> None:
    """Serve collectors until cancelled. listening: is told the address once it is open."""
    await access.connect(urls, pool_size=POOL_SIZE)
    try:
        async with (
            Bell(redis_url, urlsplit(urls.system).path.lstrip("/")) as bell,
            AsyncExitStack() as health,
            asyncio.TaskGroup() as tasks,
        ):
            writer = FrameWriter(bell=bell, clock=clock)
            gateway = Gateway(
                writer=writer,
                new_session=PushSession,
                admission=Admission(settings.gateway_allowlist, settings.gateway_tokenless),
                clock=clock,
            )
            tasks.create_task(writer.run())
            await health.enter_async_context(
                serve_health(
                    host=settings.health_host,
                    port=settings.gateway_health_port,
                    registry=_metrics(gateway),
                    checks={"database": is_ready},
                    measure=lambda: vitals(now=clock()),
                )
            )
            server = await gateway.serve(settings.gateway_host, settings.gateway_port)
            listening(*server.sockets[0].getsockname()[:2])
            try:
                await asyncio.Event().wait()
            finally:
                server.close()
                await gateway.close()
    finally:
        await access.close()


def _metrics(gateway: Gateway) -> CollectorRegistry:
    registry = CollectorRegistry()
    connections = Gauge("wattledger_collectors", "Connections of collectors.", registry=registry)
    connections.set_function(lambda: gateway.connections)
    return registry

"""Running the twin within another process."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from tests.stripe_twin.server import Twin
from tests.waiting import until


@asynccontextmanager
async def running_twin(port: int = 0) -> AsyncIterator[Twin]:
    """Lend a twin that listens on a port of 127.0.0.1; 0: on any that is free."""
    twin = Twin()
    with socket.create_server(("127.0.0.1", port)) as listening:
        twin.world.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(
            uvicorn.Config(twin.app(), log_config=None, lifespan="on", timeout_graceful_shutdown=1)
        )
        serving = asyncio.create_task(server._serve(sockets=[listening]))
        try:
            await until(lambda: server.started)
            yield twin
        finally:
            server.should_exit = True
            await serving

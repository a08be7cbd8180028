"""Serving an ASGI application on a free port of this process."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from tests.waiting import until


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[str]:
    """Lend the URL at which an application is served."""
    with socket.create_server(("127.0.0.1", 0)) as port:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
        serving = asyncio.create_task(server._serve(sockets=[port]))
        try:
            await until(lambda: server.started)
            yield f"http://127.0.0.1:{port.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving

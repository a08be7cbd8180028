"""The API's server: uvicorn, with our signals instead of its own."""

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import uvicorn

from api.app import create_app, server_options
from db.settings import Settings

GRACE_S = 5


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings, *, clock: Callable[[], datetime]) -> None:
    """Serve until cancelled; requests on their way have five seconds to end.

    settings: complete, with the URLs of both servers and the secret of tokens.
    """
    app = create_app(settings, clock=clock)
    # The schema is for good: looking through it for garbage would hold up requests.
    gc.collect()
    gc.freeze()
    config = uvicorn.Config(
        app, loop="none", timeout_graceful_shutdown=GRACE_S, **server_options(settings)
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise

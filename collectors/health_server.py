"""Health over HTTP for processes that have no API: GET, one answer a connection."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry

from domain.health import Vitals
from domain.metrics import exposition

REQUEST_TIMEOUT_S = 5.0
REQUEST_BYTES_MAX = 8 * 1024
TEXT = "text/plain; charset=utf-8"

Check = Callable[[], Awaitable[bool]]
Measure = Callable[[], Awaitable[Vitals | None]]
Page = tuple[HTTPStatus, str, bytes]

log = logging.getLogger(__name__)


@asynccontextmanager
async def serve_health(
    *,
    host: str,
    port: int,
    registry: CollectorRegistry,
    checks: Mapping[str, Check],
    measure: Measure,
) -> AsyncIterator[int]:
    """Serve /healthz, /readyz and /metrics while the context lasts; yields the port.

    port: 0 for any free one.
    checks: by name, what has to hold for the process to be ready.
    measure: the vitals, at each request for /metrics.
    """
    pages = _Pages(registry, checks, measure)
    server = await asyncio.start_server(pages.answer, host, port, limit=REQUEST_BYTES_MAX)
    async with server:
        yield server.sockets[0].getsockname()[1]


class _Pages:
    def __init__(
        self, registry: CollectorRegistry, checks: Mapping[str, Check], measure: Measure
    ) -> None:
        self._registry = registry
        self._checks = checks
        self._measure = measure

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                request = await reader.readuntil(b"\r\n\r\n")
                writer.write(_response(*await self._page(request.split(b"\r\n", 1)[0])))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            log.info("health.unanswered")
        finally:
            writer.close()

    async def _page(self, request_line: bytes) -> Page:
        match request_line.split(b" ")[:2]:
            case [b"GET", b"/healthz"]:
                return HTTPStatus.OK, TEXT, b"ok\n"
            case [b"GET", b"/readyz"]:
                return await self._ready()
            case [b"GET", b"/metrics"]:
                page = exposition(self._registry, await self._measure())
                return HTTPStatus.OK, CONTENT_TYPE_LATEST, page
            case [b"GET", _]:
                return HTTPStatus.NOT_FOUND, TEXT, b""
            case _:
                return HTTPStatus.METHOD_NOT_ALLOWED, TEXT, b""

    async def _ready(self) -> Page:
        held = {name: await check() for name, check in self._checks.items()}
        lines = "".join(f"{name} {'ok' if holds else 'failed'}\n" for name, holds in held.items())
        is_ready = all(held.values())
        status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        return status, TEXT, lines.encode()


def _response(status: HTTPStatus, content_type: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body

"""Whether this process lives, whether it can serve, and its metrics."""

from collections.abc import Callable
from datetime import datetime

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.live import LiveFeed
from db.bell import Bell
from domain.health import is_ready, vitals
from domain.metrics import exposition, gauge

UNCACHED = {"Cache-Control": "no-store"}


def health_routes(
    *, clock: Callable[[], datetime], bell: Bell, feed: LiveFeed, registry: CollectorRegistry
) -> list[Route]:
    """Return the routes of /healthz, /readyz and /metrics."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n", headers=UNCACHED)

    async def readyz(_: Request) -> Response:
        database = await is_ready()
        # Without the bell everything goes on, a poll later.
        text = (
            f"database {'ok' if database else 'failed'}\n"
            f"redis {'ok' if bell.is_connected else 'degraded'}\n"
        )
        return PlainTextResponse(text, 200 if database else 503, headers=UNCACHED)

    async def metrics(_: Request) -> Response:
        measured = await vitals(now=clock(), delivered=feed.delivered)
        own = [
            gauge("live_listeners", "Subscriptions that are followed live.", feed.listeners),
            gauge("bell_connected", "1 while Redis carries the bell.", bell.is_connected),
        ]
        page = exposition(registry, measured, own)
        return Response(page, media_type=CONTENT_TYPE_LATEST, headers=UNCACHED)

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
    ]

"""What payment providers post to us. It is kept before it is acknowledged, and worked on after."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from db.bell import Bell
from domain.topups import events
from domain.topups.gateway import Gateways, NotGenuine

PATH = "/webhooks/{provider}"
BODY_BYTES_MAX = 256 * 1024
BODY_S_MAX = 10.0

KEPT, NOT_GENUINE, NOT_THERE, TOO_SLOW, TOO_LARGE = 200, 400, 404, 408, 413

log = logging.getLogger(__name__)


class BodyTooLarge(Exception):
    """No event is that large."""


def webhook_routes(gateways: Gateways, *, bell: Bell, clock: Callable[[], datetime]) -> list[Route]:
    """Return the route that providers post to. A refused post is told a status and nothing else."""

    async def receive(request: Request) -> Response:
        gateway = gateways.named(request.path_params["provider"])
        if gateway is None:
            return _refused(NOT_THERE)
        try:
            async with asyncio.timeout(BODY_S_MAX):
                body = await _body(request)
            event = gateway.verified(body, request.headers, now=clock())
        except BodyTooLarge:
            return _refused(TOO_LARGE)
        except TimeoutError:
            return _refused(TOO_SLOW)
        except (NotGenuine, ClientDisconnect) as error:
            log.warning("webhook.refused", extra={"reason": str(error)})
            return _refused(NOT_GENUINE)
        is_new = await events.keep(provider=gateway.name, event=event, body=body, now=clock())
        log.info("webhook.kept", extra={"event": event.id, "kind": event.kind, "new": is_new})
        await bell.ring("payments")
        return Response(status_code=KEPT)

    return [Route(PATH, receive, methods=["POST"])]


async def _body(request: Request) -> bytes:
    """Return the bytes as they came: the signature is over them.

    :raises BodyTooLarge: the rest is not read
    """
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise BodyTooLarge
        parts.append(part)
    return b"".join(parts)


def _refused(status: int) -> Response:
    # What is not read yet must not be taken for the next request.
    return Response(status_code=status, headers={"Connection": "close"})

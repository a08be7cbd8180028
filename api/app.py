"""The API as an ASGI application."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from api.attempts import Attempts
from api.auth import Authenticator
from api.endpoint import Endpoint
from api.equipment import Equipment
from api.file_tokens import FileTokens
from api.files import file_routes
from api.health import health_routes
from api.invoice_files import invoice_routes
from api.live import LiveFeed
from api.oidc import OidcSignIn
from api.oidc_client import OidcClient
from api.origins import cross_origin
from api.permissions.confine import Confine, confine
from api.rate_limits import RateLimits
from api.root import api_schema
from api.throttle import Throttle
from api.tokens import Tokens
from api.webhooks.payments import webhook_routes
from api.websocket import SERVER_OPTIONS, Sockets
from db import access
from db.bell import Bell
from db.buckets import TIMEOUT_S, Buckets
from db.budgets import Budget
from db.settings import Settings, Urls
from domain.identity.keys import Keys
from domain.identity.passwords import Passwords
from domain.subscribers.keyring import Keyring
from domain.topups.gateway import Gateways
from domain.topups.providers import gateways_of

PATH = "/graphql"
FOLLOW_AGAIN_S = 1.0

log = logging.getLogger(__name__)


class IncompleteSettings(Exception):
    """The embedded mode has not filled in what only it may leave out."""


def create_app(
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    passwords: Passwords | None = None,
    confine: Confine = confine,
    gateways: Gateways | None = None,
    redis_timeout_s: float = TIMEOUT_S,
) -> Starlette:
    """Return the application; its lifespan opens PostgreSQL and Redis, and closes them.

    settings: complete, with the URLs of both servers, the secret of tokens and the data key.
    clock: the time, aware, in UTC.
    confine: what makes the wall of each caller.
    gateways: the payment providers; None for those of the settings.
    redis_timeout_s: how long whoever counts waits for Redis.

    :raises IncompleteSettings: something is missing
    """
    databases, redis_url, secret = settings.databases, settings.redis_url, settings.token_secret
    data_key = settings.data_key
    if databases is None or redis_url is None or secret is None or data_key is None:
        raise IncompleteSettings("expected the databases, redis_url, token_secret and data_key")
    database_name = urlsplit(databases.app).path.strip("/")
    bell = Bell(redis_url, database_name)
    buckets = Buckets(redis_url, database_name, timeout_s=redis_timeout_s)
    equipment = Equipment(
        clock=clock,
        live=LiveFeed(clock=clock, bell=bell),
        auth=_authenticator(settings, secret, passwords, buckets, clock),
        limits=RateLimits(buckets, Budget(settings.cost_budget, settings.cost_budget_per_s)),
        files=FileTokens(secret),
        keyring=Keyring(data_key),
        confine=confine,
        gateways=gateways_of(settings, clock=clock) if gateways is None else gateways,
    )
    engine = api_schema().engine(production=settings.production)
    endpoint = Endpoint(engine, equipment, has_ide=not settings.production)
    sockets = Sockets(engine, equipment, allowed_origins=settings.allowed_origins)
    return Starlette(
        routes=[
            Route(PATH, endpoint, methods=["GET", "POST"]),
            WebSocketRoute(PATH, sockets),
            *_oidc(settings, equipment.auth, clock).routes(),
            *file_routes(equipment.files, clock=clock),
            *invoice_routes(equipment.files, keyring=equipment.keyring, clock=clock),
            *webhook_routes(equipment.gateways, bell=bell, clock=clock),
            *health_routes(
                clock=clock, bell=bell, feed=equipment.live, registry=CollectorRegistry()
            ),
        ],
        middleware=[cross_origin(settings.allowed_origins)],
        lifespan=_lifespan(databases, bell, buckets, equipment),
    )


def _authenticator(
    settings: Settings,
    secret: str,
    passwords: Passwords | None,
    buckets: Buckets,
    clock: Callable[[], datetime],
) -> Authenticator:
    return Authenticator(
        tokens=Tokens(secret),
        passwords=passwords or Passwords(),
        keys=Keys(secret),
        attempts=Attempts(Throttle(buckets, clock=clock), clock=clock),
        access_ttl=settings.access_token_ttl,
        refresh_ttl=settings.refresh_token_ttl,
        clock=clock,
        insecure_providers=not settings.production,
    )


def _oidc(settings: Settings, auth: Authenticator, clock: Callable[[], datetime]) -> OidcSignIn:
    client = OidcClient(
        insecure=not settings.production, private=settings.oidc_private_issuers, clock=clock
    )
    return OidcSignIn(
        client=client,
        attempts=auth.attempts,
        keys=auth.keys,
        public_url=settings.public_url,
        origins=settings.allowed_origins,
        clock=clock,
    )


def server_options(settings: Settings) -> Mapping[str, Any]:
    """Return what uvicorn has to be started with, besides the application."""
    return {
        "host": settings.api_host,
        "port": settings.api_port,
        "log_config": None,
        # Each line would say `POST /graphql`.
        "access_log": False,
        "server_header": False,
        **SERVER_OPTIONS,
    }


def _lifespan(
    databases: Urls, bell: Bell, buckets: Buckets, equipment: Equipment
) -> Callable[[Starlette], Any]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as open_things:
            open_things.callback(equipment.auth.close)
            open_things.push_async_callback(equipment.gateways.close)
            await access.connect(databases)
            open_things.push_async_callback(access.close)
            await open_things.enter_async_context(bell)
            await open_things.enter_async_context(buckets)
            await open_things.enter_async_context(_running(equipment.live))
            yield

    return lifespan


async def _followed(live: LiveFeed) -> None:
    """Follow the outbox for good: an API whose subscriptions are silent looks alive."""
    while True:
        try:
            await live.run()
        except Exception:
            log.exception("live.failed")
        await asyncio.sleep(FOLLOW_AGAIN_S)


@asynccontextmanager
async def _running(live: LiveFeed) -> AsyncIterator[None]:
    following = asyncio.create_task(_followed(live))
    try:
        yield
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following

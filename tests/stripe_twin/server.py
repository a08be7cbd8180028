"""The twin as an ASGI application: Stripe's API, its pages, and what steers the twin."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.stripe_twin.calls import ACTS, CALLS, Call
from tests.stripe_twin.faults import Faults
from tests.stripe_twin.forms import nested
from tests.stripe_twin.idempotency import Answer, Keys
from tests.stripe_twin.pages import Pages
from tests.stripe_twin.webhooks import Endpoint, Webhooks
from tests.stripe_twin.world import Object, Refusal, World

KEY_PREFIXES = ("sk_test_", "rk_test_")
FAILED = Answer(500, {"error": {"type": "api_error", "message": "An unknown error occurred."}})


class NoResponse(Response):
    """Promises a body and ends the connection without it: the client cannot tell what happened."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-length", b"1000"), (b"connection", b"close")],
            }
        )
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class Twin:
    """A world behind HTTP. Tests in the same process look at it and act on it directly."""

    def __init__(self) -> None:
        self.world = World()
        self.webhooks = Webhooks(self.world.clock)
        self.world.tell = self.webhooks.take
        self.keys = Keys(self.world.clock)

    def act(self, name: str, **given: Any) -> Object:
        """Let something happen that at Stripe happens by itself.

        :raises Refusal: it cannot happen now
        """
        return ACTS[name](self.world, given) or {}

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                *(
                    Route(path, partial(self._call, path, call), methods=[method])
                    for (method, path), call in CALLS.items()
                ),
                *Pages(self.world).routes(),
                Route("/readyz", _ready, methods=["GET"]),
                Route("/_twin/faults", self._set_faults, methods=["POST"]),
                Route("/_twin/clock", self._set_clock, methods=["POST"]),
                Route("/_twin/webhooks", self._set_webhooks, methods=["POST"]),
                Route("/_twin/acts/{act}", self._act, methods=["POST"]),
            ],
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        sending = asyncio.create_task(self.webhooks.run())
        yield
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending

    async def _call(self, path: str, call: Call, request: Request) -> Response:
        try:
            _authenticate(request)
            if request.method == "GET":
                asked = nested(request.url.query)
                return JSONResponse(call(self.world, request.path_params, asked))
            return await self._write(path, call, request)
        except Refusal as refusal:
            return JSONResponse(refusal.body, refusal.status)

    async def _write(self, path: str, call: Call, request: Request) -> Response:
        form = (await request.body()).decode()
        key = request.headers.get("Idempotency-Key")
        asked = f"{path} {sorted(request.path_params.items())} {form}"
        answer = None if key is None else self.keys.answered(key, asked)
        if answer is None:
            if self.webhooks.faults.takes("failures_before"):
                return _answered(FAILED)
            answer = self._carried_out(call, request, form)
            if self.webhooks.faults.takes("failures_after"):
                answer = FAILED
            if key is not None:
                self.keys.keep(key, asked, answer)
        if self.webhooks.faults.takes("lost_responses"):
            return NoResponse()
        return _answered(answer)

    def _carried_out(self, call: Call, request: Request, form: str) -> Answer:
        try:
            made = call(self.world, request.path_params, nested(form))
        except Refusal as refusal:
            return Answer(refusal.status, refusal.body)
        # As it is now: a replay shows the object as the first answer did.
        return Answer(200, json.loads(json.dumps(made)))

    async def _set_faults(self, request: Request) -> Response:
        self.webhooks.release()
        self.webhooks.faults = Faults.of(await request.json())
        return JSONResponse({})

    async def _set_clock(self, request: Request) -> Response:
        given = await request.json()
        if "at_s" in given:
            self.world.clock.stand_at(given["at_s"])
        self.world.clock.move(given.get("by_s", 0))
        return JSONResponse({"now_s": self.world.clock()})

    async def _set_webhooks(self, request: Request) -> Response:
        given = await request.json()
        self.webhooks.endpoints = [Endpoint(one["url"], one["secrets"]) for one in given]
        return JSONResponse({})

    async def _act(self, request: Request) -> Response:
        try:
            return JSONResponse(self.act(request.path_params["act"], **(await request.json())))
        except Refusal as refusal:
            return JSONResponse(refusal.body, refusal.status)


async def _ready(_: Request) -> Response:
    return Response()


def _authenticate(request: Request) -> None:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not key.startswith(KEY_PREFIXES):
        raise Refusal(401, "Invalid API Key provided.")


def _answered(answer: Answer) -> Response:
    headers = {"Idempotent-Replayed": "true"} if answer.is_replay else None
    return JSONResponse(answer.body, answer.status, headers)

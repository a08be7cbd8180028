"""What the API is measured against: other servers that answer the same rows with the same bytes.

Each is a process of its own: `python -m benchmarks.peers NAME PORT`, told more by the environment.
"""

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum

import asyncpg
import orjson
import strawberry
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from strawberry.asgi import GraphQL

from api.global_ids import encode
from api.websocket import SERVER_OPTIONS
from benchmarks.load import HEAD_END, HOST
from cli.processes import GC_THRESHOLD

DATABASE_URL = "BENCH_DATABASE_URL"
COMPANY_ID = "BENCH_COMPANY_ID"
BODY_BYTES = "BENCH_BODY_BYTES"
COST = "BENCH_COST"
POOL_SIZE = 10
ROWS = """
    select id, serial, make, active, supply, version from meter
    where company_id = $1 order by serial, id limit $2
"""


@asynccontextmanager
async def _pool() -> AsyncIterator[asyncpg.Pool]:
    url = os.environ[DATABASE_URL]
    async with asyncpg.create_pool(url, min_size=POOL_SIZE, max_size=POOL_SIZE) as pool:
        yield pool


def bare(company_id: int) -> Starlette:
    """Return what a good engineer writes for one query: one fetch, and orjson."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with _pool() as pool:
            app.state.pool = pool
            yield

    extensions = {"cost": orjson.loads(os.environ[COST])}

    async def meters(request: Request) -> Response:
        rows = await request.app.state.pool.fetch(
            ROWS, company_id, int(request.query_params["first"])
        )
        nodes = [{**row, "id": encode("Meter", row["id"])} for row in rows]
        answer = {"data": {"meters": {"nodes": nodes}}, "extensions": extensions}
        return Response(orjson.dumps(answer), media_type="application/json")

    return Starlette(routes=[Route("/meters", meters)], lifespan=lifespan)


@strawberry.enum
class Supply(StrEnum):
    ON = "ON"
    OFF = "OFF"
    UNKNOWN = "UNKNOWN"


@strawberry.type
class Meter:
    id: strawberry.ID
    serial: str
    make: str | None
    active: bool
    supply: Supply
    version: int


@strawberry.type
class Meters:
    nodes: list[Meter]


def plain_strawberry(company_id: int) -> Starlette:
    """Return Strawberry as its documentation shows it."""
    pools: list[asyncpg.Pool] = []

    @strawberry.type
    class Query:
        @strawberry.field
        async def meters(self, first: int) -> Meters | None:
            rows = await pools[0].fetch(ROWS, company_id, first)
            return Meters(
                nodes=[
                    Meter(
                        id=strawberry.ID(encode("Meter", row["id"])),
                        serial=row["serial"],
                        make=row["make"],
                        active=row["active"],
                        supply=Supply(row["supply"]),
                        version=row["version"],
                    )
                    for row in rows
                ]
            )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with _pool() as pool:
            pools.append(pool)
            yield

    app: GraphQL[None, None] = GraphQL(strawberry.Schema(Query))
    return Starlette(routes=[Route("/graphql", app)], lifespan=lifespan)


class Canned(asyncio.Protocol):
    """Answers every request with the same bytes, to see how much the asking itself can do."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        # The asking side waits for each answer, and its requests are small.
        assert data.endswith(HEAD_END)  # noqa: S101 - a benchmark's own
        self._transport.write(self._answer)  # type: ignore[attr-defined]


async def _serve_canned(port: int) -> None:
    length = int(os.environ[BODY_BYTES])
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (length, b"x" * length)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Canned(answer), HOST, port)
    await server.serve_forever()


PEERS: dict[str, Callable[[int], Starlette]] = {"bare": bare, "strawberry": plain_strawberry}


def main(name: str, port: int) -> None:
    gc.set_threshold(GC_THRESHOLD)
    if name == "canned":
        uvloop.run(_serve_canned(port))
        return
    app = PEERS[name](int(os.environ[COMPANY_ID]))
    config = uvicorn.Config(
        app,
        host=HOST,
        port=port,
        loop="none",
        log_config=None,
        access_log=False,
        server_header=False,
        **SERVER_OPTIONS,
    )
    uvloop.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

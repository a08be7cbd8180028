"""One page of meters over HTTP: the API, bare Starlette, and plain Strawberry, side by side.

The machine is shared by PostgreSQL, the server that is asked, and the asking.
"""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import orjson
import uvloop

from benchmarks import peers
from benchmarks.figures import Figure
from benchmarks.fleet import seed
from benchmarks.load import HOST, Asked, answer_of, ask, http_request
from benchmarks.servers import Servers, servers
from cli.embedded.apart import run_apart
from db import access
from db.enums import Role
from db.ids import CompanyId
from db.setting_values import COST_BUDGET_MAX, COST_BUDGET_PER_S_MAX
from db.settings import Urls
from domain.documents import operations as documents
from domain.documents.rules import PREFIX, Registration, hash_of
from domain.identity import operations as identity
from domain.identity.passwords import Passwords
from tests.console import Console, free_ports

METERS = 10_000
QUERY = "query Meters { meters(first: 100) { nodes { id serial make active supply version } } }"
# Short rounds: what else runs on the machine then meets all of them alike.
ROUNDS = 24
ROUND_S = 0.75
WARM_UP_S = 1.5
READY_S_MAX = 20.0
LOOK_EVERY_S = 0.05
SHARE_PERCENT_MIN = 50
P95_TIMES_MAX = 2.0
UNLIMITED = {
    "WATTLEDGER_COST_BUDGET": str(COST_BUDGET_MAX),
    "WATTLEDGER_COST_BUDGET_PER_S": str(COST_BUDGET_PER_S_MAX),
}
EMAIL = "bench@example.com"
API, BARE, STRAWBERRY, CANNED = "api", "bare", "strawberry", "canned"


@dataclass(frozen=True, slots=True)
class Server:
    """Who is asked, and what."""

    port: int
    request: bytes
    body_bytes: int


def run(*, now: datetime) -> Iterator[Figure]:
    """Ask each in turn, several times, and compare."""
    with _asked_servers(now) as asked_servers:
        found = uvloop.run(_rounds(asked_servers))
    for name, asked in found.items():
        sys.stderr.write(
            f"{name}: {asked.per_s:,.0f} requests/s,"
            f" p50 {1_000 * asked.percentile_s(50):.1f} ms,"
            f" p95 {1_000 * asked.percentile_s(95):.1f} ms\n"
        )
    yield _rate(found[API], found[BARE])
    yield _p95(found[API], found[BARE])
    yield _times("query of 100 meters and 6 fields", found[API], found[STRAWBERRY])


def _rate(api: Asked, bare: Asked) -> Figure:
    percent = 100 * api.per_s / bare.per_s
    return Figure(
        "query of 100 meters and 6 fields",
        f"{api.per_s:,.0f} requests/s",
        f"Starlette, orjson and asyncpg alone: {bare.per_s:,.0f} requests/s",
        f"{percent:.0f} %",
        f"≥ {SHARE_PERCENT_MIN} %",
        holds=percent >= SHARE_PERCENT_MIN,
    )


def _p95(api: Asked, bare: Asked) -> Figure:
    ours_ms, theirs_ms = 1_000 * api.percentile_s(95), 1_000 * bare.percentile_s(95)
    return Figure(
        "query of 100 meters and 6 fields, p95",
        f"{ours_ms:.1f} ms",
        f"the same: {theirs_ms:.1f} ms",
        f"{ours_ms / theirs_ms:.2f} times",
        f"≤ {P95_TIMES_MAX:g} times",
        holds=ours_ms <= P95_TIMES_MAX * theirs_ms,
    )


def _times(what: str, api: Asked, plain: Asked) -> Figure:
    return Figure(
        what,
        f"{api.per_s:,.0f} requests/s",
        f"plain Strawberry: {plain.per_s:,.0f} requests/s",
        f"{api.per_s / plain.per_s:.1f} times",
        "> 1 times",
        holds=api.per_s > plain.per_s,
    )


async def _rounds(asked_servers: Mapping[str, Server]) -> dict[str, Asked]:
    for server in asked_servers.values():
        await _ask(server, WARM_UP_S)
    found = {name: Asked() for name in asked_servers}
    for _ in range(ROUNDS):
        for name, server in asked_servers.items():
            found[name].add(await _ask(server, ROUND_S))
    return found


async def _ask(server: Server, for_s: float) -> Asked:
    return await ask(server.port, server.request, body_bytes=server.body_bytes, for_s=for_s)


@contextmanager
def _asked_servers(now: datetime) -> Iterator[dict[str, Server]]:
    """Lend all servers, warm and proven to answer the same."""
    with servers() as running, TemporaryDirectory() as logs, ExitStack() as processes:
        fleet = run_apart(seed(running.urls.owner, meters=METERS, now=now))
        password = secrets.token_urlsafe()
        run_apart(_prepare(running.urls, fleet.company_id, password, now))
        console = Console(
            Path(logs), urls=running.urls, redis_url=running.redis, settings=UNLIMITED
        )
        processes.enter_context(console.api())
        token = _token(console.api_port, password)
        document_id = PREFIX + hash_of(QUERY).hex()
        api = _graphql_request(f"Authorization: Bearer {token}", documentId=document_id)
        expected = run_apart(answer_of(console.api_port, api))
        ports = dict(zip((BARE, STRAWBERRY, CANNED), free_ports(3), strict=True))
        for name, port in ports.items():
            environment = _environment(running, fleet.company_id, expected)
            processes.enter_context(_peer(name, port, environment))
        bare = http_request("GET", "/meters?first=100", [])
        if run_apart(answer_of(ports[BARE], bare)) != expected:
            raise RuntimeError("the peer does not answer with the same bytes")
        plain = _graphql_request("Accept: application/json", query=QUERY)
        plainly = run_apart(answer_of(ports[STRAWBERRY], plain))
        if orjson.loads(plainly)["data"] != orjson.loads(expected)["data"]:
            raise RuntimeError("plain Strawberry does not answer the same")
        yield {
            API: Server(console.api_port, api, len(expected)),
            BARE: Server(ports[BARE], bare, len(expected)),
            STRAWBERRY: Server(ports[STRAWBERRY], plain, len(plainly)),
            CANNED: Server(ports[CANNED], bare, len(expected)),
        }


def _graphql_request(header: str, **body: str) -> bytes:
    headers = ["Content-Type: application/json", header]
    return http_request("POST", "/graphql", headers, orjson.dumps(body))


async def _prepare(urls: Urls, company_id: CompanyId, password: str, now: datetime) -> None:
    passwords = Passwords()
    await access.connect(urls, pool_size=1)
    user_id = await identity.create_user(
        email=EMAIL, name="Bench", password=password, passwords=passwords, now=now
    )
    await identity.add_membership(company_id=company_id, user_id=user_id, role=Role.ADMINISTRATOR)
    await documents.register(
        company_id=company_id,
        partner="bench",
        documents=[Registration(name="Meters", text=QUERY, operations=["Meters"], cost=0)],
        now=now,
    )
    await access.close()
    passwords.close()


def _token(port: int, password: str) -> str:
    text = "mutation ($input: SignInInput!) { signIn(input: $input) { tokens { accessToken } } }"
    variables = {"input": {"email": EMAIL, "password": password}}
    answer = httpx.post(
        f"http://{HOST}:{port}/graphql", json={"query": text, "variables": variables}
    )
    return str(answer.json()["data"]["signIn"]["tokens"]["accessToken"])


def _environment(running: Servers, company_id: CompanyId, expected: bytes) -> dict[str, str]:
    return {
        **os.environ,
        peers.DATABASE_URL: running.urls.system,
        peers.COMPANY_ID: str(company_id),
        peers.BODY_BYTES: str(len(expected)),
        peers.COST: orjson.dumps(orjson.loads(expected)["extensions"]["cost"]).decode(),
    }


@contextmanager
def _peer(name: str, port: int, environment: Mapping[str, str]) -> Iterator[None]:
    process = subprocess.Popen(  # noqa: S603 - a module of ours
        [sys.executable, "-m", "benchmarks.peers", name, str(port)], env=environment
    )
    try:
        _await_listening(name, port)
        yield
    finally:
        process.terminate()
        process.wait()


def _await_listening(name: str, port: int) -> None:
    end_s = time.monotonic() + READY_S_MAX
    while time.monotonic() < end_s:
        with suppress(ConnectionRefusedError), socket.create_connection((HOST, port)):
            return
        time.sleep(LOOK_EVERY_S)
    raise TimeoutError(f"{name} does not listen")

"""The command that says what is missing or unreachable, and how to mend it."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import redis
import typer
from rich.console import Console
from rich.table import Table

from cli.doctor import machine
from cli.doctor.check import Check, Verdict, fail, ok
from cli.doctor.database import database
from cli.embedded.accounts import OutOfReach
from cli.embedded.apart import run_apart
from cli.embedded.processes import ServerFailed
from cli.endings import REFUSED, Unreachable
from cli.servers import Addresses, servers
from cli.surroundings import now
from db.settings import InvalidSettings, Settings

REDIS_TIMEOUT_S = 3.0
STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list, for programs.")] = False,
) -> None:
    """Say what is missing or unreachable, and how to mend it; fail if something cannot work."""
    checks = list(_checks())
    if as_json:
        typer.echo(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        _show(checks)
    if any(check.verdict is Verdict.FAIL for check in checks):
        raise typer.Exit(REFUSED)


def _checks() -> Iterator[Check]:
    yield machine.python()
    try:
        settings = Settings.from_env(os.environ)
    except InvalidSettings as error:
        for problem in error.problems:
            yield fail("Settings", problem.name, f"{problem.expected}.")
        return
    yield ok("Settings", "all are known and well-formed")
    yield from machine.home(settings)
    yield from machine.dangers(settings)
    yield from run_apart(machine.ports(settings))
    yield from _servers(settings)


def _servers(settings: Settings) -> Iterator[Check]:
    """Look at PostgreSQL and Redis; what is embedded is started for it, if it does not run."""
    try:
        with servers(settings) as found:
            yield from _look_at(found)
    except (ServerFailed, OutOfReach, Unreachable) as error:
        mend = "Read the log below WATTLEDGER_HOME, or set DATABASE_URL and REDIS_URL."
        yield fail("Embedded servers", str(error), mend)


def _look_at(found: Addresses) -> Iterator[Check]:
    yield from run_apart(database(found.urls, now=now()))
    yield _redis(found.redis_url)


def _redis(url: str) -> Check:
    try:
        with redis.Redis.from_url(
            url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S
        ) as client:
            client.ping()
            version = client.info("server")["redis_version"]
    except redis.RedisError as error:
        mend = "Look at REDIS_URL, and whether it runs; until then everything is a poll later."
        return fail("Redis", str(error), mend)
    return ok("Redis", f"answers, version {version}")


def _show(checks: list[Check]) -> None:
    console = Console()
    table = Table("", "What", "Found", "How to mend it")
    for check in checks:
        style = STYLES[check.verdict]
        verdict = f"[{style}]{check.verdict}[/{style}]"
        table.add_row(verdict, check.name, check.found, check.mend)
    console.print(table)

"""What the doctor finds, and what it says to do about it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import asyncpg
import pytest

from cli.doctor import machine
from cli.doctor.check import Check, Verdict
from cli.doctor.database import database as look_at
from cli.migrate import make_usable
from cli.surroundings import now
from db.settings import Settings, Urls
from tests.factories import KEYRING
from tests.servers import Addresses


def verdicts(checks: Iterable[Check]) -> dict[str, Verdict]:
    return {check.name: check.verdict for check in checks}


def by_name(checks: Iterable[Check], name: str) -> Check:
    return next(check for check in checks if check.name == name)


@pytest.fixture
async def usable(database: Urls) -> Urls:
    await make_usable(database, keyring=KEYRING, now=now())
    return database


async def test_a_database_in_order_is_in_order(usable: Urls) -> None:
    checks = await look_at(usable, now=now())

    assert set(verdicts(checks).values()) == {Verdict.OK}
    assert len(checks) == 7


async def test_a_schema_that_is_behind_says_how_it_is_mended(usable: Urls) -> None:
    owner = await asyncpg.connect(usable.owner)
    await owner.execute("delete from tortoise_migrations where name = 'm0006_jobs'")
    await owner.close()

    check = by_name(await look_at(usable, now=now()), "Schema")

    assert check == Check(
        "Schema", Verdict.FAIL, "not applied: m0006_jobs", "Run `wattledger migrate`."
    )


async def test_missing_partitions_fail(usable: Urls) -> None:
    later = now() + timedelta(days=30)

    checks = await look_at(usable, now=later)

    assert by_name(checks, "Partitions").verdict is Verdict.FAIL
    assert by_name(checks, "Clock of the database").verdict is Verdict.FAIL


async def test_a_role_that_walls_do_not_bind_fails(usable: Urls, servers: Addresses) -> None:
    unbound = replace(usable, system=servers.admin)

    check = by_name(await look_at(unbound, now=now()), "Database as system")

    assert check.verdict is Verdict.FAIL
    assert check.mend == "ALTER ROLE postgres NOSUPERUSER NOBYPASSRLS;"


async def test_a_server_that_is_away_fails_for_each_role() -> None:
    nowhere = "postgresql://nobody:none@127.0.0.1:1/none"

    checks = await look_at(Urls(nowhere, nowhere, nowhere), now=now())

    assert verdicts(checks) == {
        "Database as owner": Verdict.FAIL,
        "Database as app": Verdict.FAIL,
        "Database as system": Verdict.FAIL,
    }


def test_a_home_that_cannot_be_written_fails(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    (check,) = machine.home(Settings(home=file))

    assert check.verdict is Verdict.FAIL
    assert "WATTLEDGER_HOME" in check.mend


def test_a_gateway_without_tokens_is_warned_of() -> None:
    settings = Settings(gateway_tokenless=True, gateway_allowlist=(ip_network("10.0.0.0/8"),))

    assert verdicts(machine.dangers(settings)) == {"Gateway": Verdict.WARN}


async def test_a_port_that_somebody_else_has_is_warned_of(servers: Addresses) -> None:
    taken = int(servers.redis.rpartition(":")[2])
    settings = Settings(api_port=taken, gateway_port=0, gateway_health_port=0, worker_health_port=0)

    checks = verdicts(await machine.ports(settings))

    assert checks["Port of the API"] is Verdict.WARN
    assert checks["Port of the gateway"] is Verdict.OK

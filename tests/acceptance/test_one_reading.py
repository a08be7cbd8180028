"""One reading through the real processes: bytes of a collector in, events and a balance out."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.global_ids import encode
from db import access
from db.settings import Urls
from tests.acceptance.client import PASSWORD, Client, add_administrator, following
from tests.acceptance.line import identified_line, readout_message
from tests.console import Console
from tests.factories import Place, account_of, make_place

INDEX_WH = 1_234_567
# 1234.567 kWh at 2.345678901 a kWh are 2895.897763770867.
BALANCE = {"amount": "-2895.897764", "currency": "TRY"}


@dataclass(frozen=True, slots=True)
class Running:
    """The three processes, and two companies with a collector and an administrator each."""

    console: Console
    now: datetime
    ours: Place
    theirs: Place

    @property
    def meter(self) -> str:
        return encode("Meter", self.ours.supplies[0].meter_id)

    @property
    def account(self) -> str:
        return encode("Account", account_of(self.ours))

    def message(self) -> bytes:
        at = self.now - timedelta(minutes=1)
        return readout_message(self.ours, reference_id="one", at=at, index_wh=INDEX_WH)


@pytest.fixture
def console(database: Urls, redis_url: str, tmp_path: Path) -> Iterator[Console]:
    """Lend the three processes, running; they end with the test."""
    console = Console(tmp_path, urls=database, redis_url=redis_url)
    with console.gateway(), console.worker(), console.api():
        yield console


@pytest.fixture
async def running(database: Urls, console: Console) -> AsyncIterator[Running]:
    now = datetime.now(UTC).replace(microsecond=0)
    owner = await asyncpg.connect(database.owner)
    await owner.execute("select ensure_partitions($1, 5, 2)", now)
    await owner.close()
    await access.connect(database, pool_size=2)
    opened_at = now - timedelta(days=30)
    ours, theirs = await make_place(opened_at=opened_at), await make_place(opened_at=opened_at)
    await add_administrator(ours.company_id, "ours@example.com", now)
    await add_administrator(theirs.company_id, "theirs@example.com", now)
    yield Running(console, now, ours, theirs)
    await access.close()


async def next_events(client: Client) -> dict[str, Any]:
    """Return the next event of each subscription, whichever comes first."""
    messages = [await client.socket.receive() for _ in range(2)]
    assert {message["type"] for message in messages} == {"next"}, messages
    return {message["id"]: message["payload"]["data"] for message in messages}


async def rows(table: str) -> list[dict[str, Any]]:
    async with access.system() as connection:
        return [dict(row) for row in await connection.fetch(f"select * from {table} order by 1, 2")]


TABLES = ("reading", "accrual", "account_balance", "billing_state", "meter_latest", "outbox")


async def test_a_collectors_bytes_become_an_exact_balance_and_events_for_its_company_alone(
    running: Running,
) -> None:
    port = running.console.api_port
    async with (
        following(port, email="ours@example.com", password=PASSWORD) as ours,
        following(port, email="theirs@example.com", password=PASSWORD) as theirs,
        identified_line(running.console.gateway_port, running.ours) as line,
    ):
        acknowledged = await line.send(running.message())
        events = await next_events(ours)

        assert acknowledged == "one"
        assert events["readings"]["readingReceived"] == {
            "gap": False,
            "readings": [
                {
                    "meterId": running.meter,
                    "reading": {
                        "readAt": (running.now - timedelta(minutes=1)).isoformat(),
                        "quality": "ACTUAL",
                        "registers": [
                            {"obis": "1.8.0", "quantity": {"value": "1234567", "unit": "Wh"}},
                            {"obis": "5.8.0", "quantity": {"value": "1500", "unit": "varh"}},
                        ],
                    },
                }
            ],
        }
        assert events["balances"]["balanceChanged"] == {
            "gap": False,
            "balances": [{"accountId": running.account, "balance": BALANCE}],
        }
        assert await ours.balance(running.account) == BALANCE
        assert await theirs.socket.is_quiet()
        assert await theirs.refusals(running.account) == ["NOT_FOUND"]


async def test_the_same_bytes_again_change_nothing_and_tell_nobody(running: Running) -> None:
    async with following(
        running.console.api_port, email="ours@example.com", password=PASSWORD
    ) as client:
        async with identified_line(running.console.gateway_port, running.ours) as line:
            await line.send(running.message())
            await next_events(client)
            before = {table: await rows(table) for table in TABLES}

            acknowledged = await line.send(running.message())
        async with identified_line(running.console.gateway_port, running.ours) as line:
            await line.send(running.message())

        assert acknowledged == "one"
        assert await client.socket.is_quiet()
        assert await client.balance(running.account) == BALANCE
        assert {table: await rows(table) for table in TABLES} == before
        assert await rows("pending_frame") == []

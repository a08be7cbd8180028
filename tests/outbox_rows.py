"""Outbox rows for tests that only read them, and when they can be read."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from db import access
from db.access import Connection
from db.ids import CompanyId
from domain.outbox import Topic
from tests.factories import NOW
from tests.waiting import LOOK_EVERY_S, PATIENCE_S


async def put_row(
    connection: Connection,
    company_id: CompanyId,
    *,
    topic: Topic = "readings",
    meter_ids: Sequence[int] = (),
    account_ids: Sequence[int] = (),
    created_at: datetime = NOW,
) -> int:
    """Insert a row in the connection's transaction and return its id."""
    return int(
        await connection.fetchval(
            "insert into outbox (company_id, topic, created_at, from_ts, to_ts, meter_ids,"
            " account_ids) values ($1, $2, $3, $3, $3, $4, $5) returning id",
            company_id,
            topic,
            created_at,
            list(meter_ids),
            list(account_ids),
        )
    )


async def others_have_ended() -> None:
    """Wait until no older transaction runs; other tests' databases share the server."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with access.system() as connection:
                if await connection.fetchval(
                    "select coalesce(max(xid) < pg_snapshot_xmin(pg_current_snapshot()), true)"
                    " from outbox"
                ):
                    return
            await asyncio.sleep(LOOK_EVERY_S)

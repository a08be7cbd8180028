"""The worker sends each company's daily report, and goes on when it cannot."""

import asyncio
from contextlib import suppress

import pytest

from db import access
from domain.identity.passwords import Passwords
from tests.factories import NOW, make_place
from tests.imports import make_asker
from tests.waiting import LOOK_EVERY_S, PATIENCE_S
from workers.reports import send_reports

pytestmark = pytest.mark.usefixtures("connected")


async def reports() -> int:
    row = await access.read_row("select count(*) as n from message where kind = 'SYSTEM_REPORT'")
    return 0 if row is None else int(row["n"])


async def test_a_report_that_is_due_is_sent_once(passwords: Passwords) -> None:
    place = await make_place()
    await make_asker(place.company_id, passwords)

    running = [asyncio.create_task(send_reports(clock=lambda: NOW)) for _ in range(2)]
    async with asyncio.timeout(PATIENCE_S):
        while not await reports():  # noqa: ASYNC110 - the worker knows no tests
            await asyncio.sleep(LOOK_EVERY_S)
    for one in running:
        one.cancel()
        with suppress(asyncio.CancelledError):
            await one

    assert await reports() == 1

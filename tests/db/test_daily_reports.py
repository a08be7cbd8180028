"""Administrators get a report each morning, once, whatever there is to tell."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from db import access
from db.enums import Role
from domain.identity import operations as identity
from domain.identity.passwords import Passwords
from domain.ledger import operations as ledger
from domain.reports.daily import send_due
from tests.factories import NOW, Place, make_place
from tests.mailbox import letters

# Istanbul is three hours ahead.
SIX = datetime(2026, 3, 18, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECRET = "a secret that is long enough for a test"  # noqa: S105
QUIET = {
    "report_date": "2026-03-17",
    "silent_collectors": 0,
    "silent_rf_modules": 0,
    "held_readings": 0,
    "failed_messages": 0,
    "unmatched_transfers": 0,
    "unsettled_accounts": 0,
    "book_differences": 0,
}

Member = Callable[..., Awaitable[None]]


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place()


@pytest.fixture
async def member(place: Place, passwords: Passwords) -> Member:
    async def add(name: str, role: Role = Role.ADMINISTRATOR, **where: Any) -> None:
        user_id = await identity.create_user(
            email=f"{name}@example.com",
            name=name,
            password="correct horse battery",  # noqa: S106
            passwords=passwords,
            now=NOW,
        )
        await identity.add_membership(
            company_id=place.company_id, user_id=user_id, role=role, **where
        )

    return add


async def execute(query: str, *values: object) -> None:
    async with access.system() as connection:
        await connection.execute(query, *values)


async def reports() -> list[tuple[str, dict[str, Any]]]:
    async with access.system() as connection:
        rows = await connection.fetch(
            "select u.name, m.facts from message m join app_user u on u.id = m.user_id"
            " where m.kind = 'SYSTEM_REPORT' order by m.id"
        )
    return [(row["name"], orjson.loads(row["facts"])) for row in rows]


async def test_a_report_comes_once_a_day_from_six_on(place: Place, member: Member) -> None:
    await member("Deniz")

    sent = [
        await send_due(now=at)
        for at in (
            SIX - MINUTE,
            SIX,
            SIX + MINUTE,
            SIX + timedelta(hours=20),
            SIX + 24 * 60 * MINUTE,
        )
    ]

    found = await reports()
    assert sent == [0, 1, 0, 0, 1]
    assert found[0] == ("Deniz", QUIET)
    assert found[1] == ("Deniz", {**QUIET, "report_date": "2026-03-18"})


async def test_it_goes_to_administrators_of_the_whole_company(place: Place, member: Member) -> None:
    await member("Deniz")
    await member("Second")
    await member("Northern", branch_id=place.branch_id)
    await member("Auditor", Role.AUDITOR)

    await send_due(now=SIX)

    assert [name for name, _ in await reports()] == ["Deniz", "Second"]


async def test_it_counts_what_waits_and_what_went_wrong(place: Place, member: Member) -> None:
    await member("Deniz")
    other = await make_place()
    for one in (place, other):
        await execute(
            "update collector set silent_since = $2 where company_id = $1", one.company_id, NOW
        )
        await execute(
            "insert into held_reading (company_id, meter_id, register_set_id, ts, rule, detail,"
            " time_source, received_at, frame_id, values)"
            " values ($1, 1, 1, $2, 'FUTURE', 'ahead', 'METER', $2, 1, '{1}')",
            one.company_id,
            NOW,
        )
    for state, ended_at in (("FAILED", SIX - 20 * 60 * MINUTE), ("BOUNCED", SIX), ("SENT", SIX)):
        await execute(
            "insert into message (company_id, kind, locale, state, next_attempt_at, created_at,"
            " ended_at) values ($1, 'LOW_CREDIT', 'en', $2, $3, $3, $3)",
            place.company_id,
            state,
            ended_at,
        )
    await ledger.credit_cash(
        company_id=place.company_id,
        account_id=place.supplies[0].account_id,  # type: ignore[arg-type]
        amount=Decimal(10),
        idempotency_key="one",
        occurred_at=NOW,
    )
    await execute("update account set closed_at = $2 where company_id = $1", place.company_id, NOW)
    await execute(
        "update account_balance set balance_micro = balance_micro + 1 where company_id = $1",
        place.company_id,
    )

    await send_due(now=SIX)

    ((_, report),) = await reports()
    assert report == {
        **QUIET,
        "silent_collectors": 1,
        "held_readings": 1,
        "failed_messages": 1,
        "unsettled_accounts": 1,
        "book_differences": 1,
    }


async def test_a_company_that_is_new_or_retired_gets_none(place: Place, member: Member) -> None:
    await member("Deniz")
    await execute("update company set created_at = $1", SIX - timedelta(hours=2))
    new = await send_due(now=SIX)
    await execute("update company set created_at = $1, active = false", SIX - timedelta(days=9))

    assert (new, await send_due(now=SIX)) == (0, 0)
    assert await reports() == []


async def test_a_report_can_be_read(place: Place, member: Member) -> None:
    await member("Deniz")
    await send_due(now=SIX)

    (letter,) = await letters(SECRET, now=SIX)

    assert letter.subject == "Report of 17 March 2026"
    assert "Nothing waits for anybody.\nThe books were checked" in letter.text

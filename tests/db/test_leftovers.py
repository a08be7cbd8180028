"""What ended long ago is removed; what has not, or not for long, stays."""

from datetime import datetime, timedelta

import pytest

from db import access
from db.ids import CompanyId
from domain.identity import ended_sessions
from domain.longwork import forgetting
from tests.factories import NOW, make_place

MOMENT = timedelta(seconds=1)


@pytest.fixture
async def company_id(connected: None) -> CompanyId:
    return (await make_place(meters=0)).company_id


async def add_job(company_id: CompanyId, finished_at: datetime | None) -> None:
    async with access.tenant(company_id) as connection:
        job_id = await connection.fetchval(
            "insert into job (company_id, kind, state, input, asked_by, created_at, finished_at)"
            " values ($1, 'IMPORT', $2, '{}', '{}', $3, $4) returning id",
            company_id,
            "QUEUED" if finished_at is None else "FAILED",
            NOW - timedelta(days=1_000),
            finished_at,
        )
        await connection.execute(
            "insert into job_error (company_id, job_id, code) values ($1, $2, 'REQUIRED')",
            company_id,
            job_id,
        )


async def add_session(user_id: int, expires_at: datetime, revoked_at: datetime | None) -> None:
    async with access.system() as connection:
        await connection.execute(
            "insert into session (user_id, refresh_hash, created_at, expires_at, revoked_at)"
            " values ($1, uuid_send(gen_random_uuid()), $2, $3, $4)",
            user_id,
            NOW - timedelta(days=1_000),
            expires_at,
            revoked_at,
        )


async def test_long_work_is_kept_for_a_while_after_its_end(company_id: CompanyId) -> None:
    just_kept, just_gone = NOW - forgetting.KEPT + MOMENT, NOW - forgetting.KEPT
    for finished_at in (None, NOW, just_kept, just_gone):
        await add_job(company_id, finished_at)

    removed = [await forgetting.remove_ended(now=NOW) for _ in range(2)]

    async with access.tenant(company_id) as connection:
        left = await connection.fetch("select finished_at from job order by id")
        errors = await connection.fetchval("select count(*) from job_error")
    assert removed == [1, 0]
    assert [row["finished_at"] for row in left] == [None, NOW, just_kept]
    assert errors == 3


async def test_sessions_are_kept_for_a_while_after_their_end(company_id: CompanyId) -> None:
    async with access.system() as connection:
        user_id = await connection.fetchval(
            "insert into app_user (email, name, created_at) values ('a@example.com', 'A', $1)"
            " returning id",
            NOW,
        )
    long_ago, later = NOW - ended_sessions.KEPT, NOW + timedelta(days=1)
    ends = [(later, None), (later, NOW), (long_ago + MOMENT, None), (long_ago, None)]
    for expires_at, revoked_at in [*ends, (later, long_ago)]:
        await add_session(user_id, expires_at, revoked_at)

    removed = [await ended_sessions.remove_ended(now=NOW) for _ in range(2)]

    async with access.system() as connection:
        left = await connection.fetch("select expires_at, revoked_at from session order by id")
    assert removed == [2, 0]
    assert [tuple(row) for row in left] == ends[:3]

"""A job ends when it is called off, fails too often or takes too long."""

import asyncio
from datetime import datetime

import pytest

from db.enums import JobKind
from db.ids import CompanyId
from domain.imports.work import CHUNK_ITEMS, ImportWork
from domain.longwork import jobs, running
from domain.longwork.jobs import Asker
from domain.longwork.running import ATTEMPTS_MAX, LEASE, Cancelled, claim
from tests.factories import KEYRING, NOW
from tests.imports import WORKS, clock, fetch, job, queued, workbook
from tests.workers.long_jobs.importing import CONTENT, LATER, branches, claimed
from workers.long_jobs import work_once


async def test_a_job_that_is_called_off_stops_and_keeps_what_is_done(
    company_id: CompanyId, asker: Asker
) -> None:
    job_id = await queued(company_id, asker, CONTENT)
    work = ImportWork(await claimed(), keyring=KEYRING)
    for _ in range(2):
        await work.step(now=NOW)

    await jobs.cancel(company_id=company_id, job_id=job_id, asker=asker, now=NOW)
    with pytest.raises(Cancelled):
        await work.step(now=NOW)
    assert await work_once(works=WORKS, clock=lambda: LATER)

    ended = await job(company_id, job_id)
    assert (ended["state"], ended["done"]) == ("CANCELLED", CHUNK_ITEMS)
    assert len(await branches(company_id)) == CHUNK_ITEMS


async def test_a_job_that_kills_its_workers_is_given_up(
    company_id: CompanyId, asker: Asker
) -> None:
    job_id = await queued(company_id, asker, CONTENT)
    for attempt in range(ATTEMPTS_MAX):
        await claimed(NOW + attempt * LEASE)

    assert await claim(now=NOW + ATTEMPTS_MAX * LEASE) is None

    ended = await job(company_id, job_id)
    assert (ended["state"], ended["error"]) == ("FAILED", "TOO_MANY_ATTEMPTS")


async def test_errors_are_counted_beyond_those_that_are_kept(
    company_id: CompanyId, asker: Asker
) -> None:
    broken = workbook(branches=[("name", "x"), *(("=1", None) for _ in range(1_200))])
    job_id = await queued(company_id, asker, broken)

    await work_once(works=WORKS, clock=clock)

    kept = await fetch(company_id, "select count(*) as n from job_error")
    assert (await job(company_id, job_id))["error_count"] == 1_201
    assert kept[0]["n"] == running.ERRORS_KEPT_MAX


class Stuck:
    """Work that never ends by itself."""

    def __init__(self) -> None:
        self.is_closed = False

    async def step(self, *, now: datetime) -> bool:
        await asyncio.Event().wait()
        return False

    async def close(self) -> None:
        self.is_closed = True


async def test_a_step_that_takes_too_long_fails_the_job_and_the_next_one_is_done(
    company_id: CompanyId, asker: Asker
) -> None:
    stuck_id = await queued(company_id, asker, CONTENT, dry_run=True)
    stuck = Stuck()

    assert await work_once(works={JobKind.IMPORT: lambda _: stuck}, clock=clock, step_s_max=0.05)
    next_id = await queued(company_id, asker, CONTENT, dry_run=True)
    assert await work_once(works=WORKS, clock=clock)

    failed, done = await job(company_id, stuck_id), await job(company_id, next_id)
    assert (failed["state"], failed["error"]) == ("FAILED", "TOOK_TOO_LONG")
    assert done["state"] == "SUCCEEDED"
    assert stuck.is_closed

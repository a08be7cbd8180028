"""A job is done once, whoever dies in it: what a step did and how far it is commit together."""

import asyncio
from datetime import timedelta

import pytest

from db.enums import JobState
from db.ids import CompanyId
from domain.imports.work import CHUNK_ITEMS, ImportWork
from domain.longwork.jobs import Asker
from domain.longwork.running import LeaseLost, claim
from tests.factories import KEYRING, NOW
from tests.imports import WORKS, job, queued
from tests.workers.long_jobs.importing import BRANCHES, CONTENT, LATER, branches, claimed, entries
from workers.long_jobs import work_once


async def test_one_of_many_gets_a_job(company_id: CompanyId, asker: Asker) -> None:
    await queued(company_id, asker, CONTENT)

    runs = await asyncio.gather(*(claim(now=NOW) for _ in range(4)))

    assert [run is None for run in runs].count(False) == 1


async def test_who_takes_over_goes_on_where_the_work_stood(
    company_id: CompanyId, asker: Asker
) -> None:
    job_id = await queued(company_id, asker, CONTENT)
    dead = ImportWork(await claimed(), keyring=KEYRING)
    for _ in range(3):
        assert await dead.step(now=NOW)
    assert len(await branches(company_id)) == 2 * CHUNK_ITEMS

    assert await work_once(works=WORKS, clock=lambda: LATER)

    done = await job(company_id, job_id)
    assert (done["state"], done["done"], done["attempt"]) == ("SUCCEEDED", BRANCHES, 2)
    assert done["result"]["counts"]["branches"] == {
        "created": BRANCHES,
        "updated": 0,
        "unchanged": 0,
    }
    assert len(await branches(company_id)) == await entries(company_id) == BRANCHES


async def test_who_was_taken_for_dead_writes_nothing_any_more(
    company_id: CompanyId, asker: Asker
) -> None:
    job_id = await queued(company_id, asker, CONTENT)
    slow = ImportWork(slow_run := await claimed(), keyring=KEYRING)
    assert await slow.step(now=NOW)
    taken_over = await claimed(LATER)

    with pytest.raises(LeaseLost):
        await slow.step(now=LATER)
    with pytest.raises(LeaseLost):
        await slow_run.renew(now=LATER)
    await slow_run.end(JobState.FAILED, now=LATER)

    assert await branches(company_id) == []
    assert (await job(company_id, job_id))["state"] == "RUNNING"
    assert taken_over.attempt == 2


async def test_a_renewed_lease_keeps_others_away(company_id: CompanyId, asker: Asker) -> None:
    await queued(company_id, asker, CONTENT)
    run = await claimed()

    await run.renew(now=LATER - timedelta(seconds=1))

    assert await claim(now=LATER) is None


async def test_a_step_that_fails_leaves_nothing(company_id: CompanyId, asker: Asker) -> None:
    job_id = await queued(company_id, asker, CONTENT)
    run = await claimed()

    async def half_a_step() -> None:
        async with run.step(now=NOW) as connection:
            await connection.execute(
                "insert into branch (company_id, name) values ($1, 'B')", company_id
            )
            run.done = 1
            raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - our own
        await half_a_step()

    assert await branches(company_id) == []
    assert (await job(company_id, job_id))["done"] == 0

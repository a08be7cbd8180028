"""A job is done once, whoever dies in it: what a step did and how far it is commit together."""

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from db import access
from db.enums import ImportMode, JobKind, JobState
from db.ids import CompanyId, JobId
from db.settings import Urls
from domain.identity.passwords import Passwords
from domain.imports import requests
from domain.imports.work import CHUNK_ITEMS, ImportWork
from domain.longwork import jobs, running
from domain.longwork.jobs import Asker
from domain.longwork.running import ATTEMPTS_MAX, LEASE, Cancelled, LeaseLost, Run, claim
from tests.api.keys import KEY, make_key
from tests.cli.command_line import database_settings
from tests.cli.demo_run import environment
from tests.factories import DATA_KEY, KEYRING, NOW, make_place
from tests.imports import WORKS, clock, fetch, job, make_asker, queued, sent, workbook
from workers.long_jobs import work_once

BRANCHES = 3 * CHUNK_ITEMS + 50
MANY_BRANCHES = 40 * CHUNK_ITEMS
CONTENT = workbook(branches=[("name",), *((f"B{n:05}",) for n in range(BRANCHES))])
LATER = NOW + LEASE


@pytest.fixture
async def asker(connected: None) -> AsyncIterator[Asker]:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    place = await make_place(meters=0)
    yield await make_asker(place.company_id, passwords)
    passwords.close()


@pytest.fixture
async def company_id(asker: Asker) -> CompanyId:
    async with access.system() as connection:
        return CompanyId(await connection.fetchval("select id from company"))


async def claimed(at: object = NOW) -> Run:
    run = await claim(now=at)  # type: ignore[arg-type]
    assert run is not None
    return run


async def branches(company_id: CompanyId) -> list[str]:
    rows = await fetch(company_id, "select name from branch where name like 'B%' order by name")
    return [row["name"] for row in rows]


async def entries(company_id: CompanyId) -> int:
    rows = await fetch(
        company_id,
        "select count(*) as n from daily_entry where object_type = 'Branch'"
        " and after->>'name' like 'B%'",
    )
    return int(rows[0]["n"])


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


@pytest.mark.parametrize("is_revoked", [False, True])
async def test_a_keys_job_ends_with_the_key(
    company_id: CompanyId, asker: Asker, is_revoked: bool
) -> None:
    key_id, _ = await make_key(company_id, replace(KEY, scopes=asker.scopes))
    program = replace(asker, user_id=None, role=None, key_id=key_id)
    file_id = await sent(company_id, None, CONTENT, key_id=key_id)
    job_id = await requests.start(
        company_id=company_id,
        asker=program,
        file_id=file_id,
        kind=None,
        mode=ImportMode.CREATE_ONLY,
        dry_run=False,
        now=NOW,
    )
    if is_revoked:
        async with access.system() as connection:
            await connection.execute("update api_key set revoked_at = $1", NOW)

    await work_once(works=WORKS, clock=clock)

    ended = await job(company_id, job_id)
    expected = ("FAILED", "ASKER_GONE") if is_revoked else ("SUCCEEDED", None)
    assert (ended["state"], ended["error"]) == expected
    assert len(await branches(company_id)) == (0 if is_revoked else BRANCHES)


@pytest.mark.parametrize(
    "since",
    [
        pytest.param(
            "update membership set branch_id = (select min(id) from branch)", id="confined"
        ),
        pytest.param("update company set second_factor_required = true", id="second factor"),
        pytest.param("update membership set role = 'AUDITOR'", id="another role"),
        pytest.param(None, id="nothing"),
    ],
)
@pytest.mark.parametrize("by_key", [True, False])
async def test_who_asked_has_all_rights_until_the_end(
    company_id: CompanyId, asker: Asker, by_key: bool, since: str | None
) -> None:
    if by_key:
        key = replace(KEY, scopes=asker.scopes, user_id=asker.user_id)
        key_id, _ = await make_key(company_id, key)
        asker = replace(asker, user_id=None, role=None, key_id=key_id)
    file_id = await sent(company_id, asker.user_id, CONTENT, key_id=asker.key_id)
    job_id = await requests.start(
        company_id=company_id,
        asker=asker,
        file_id=file_id,
        kind=None,
        mode=ImportMode.CREATE_ONLY,
        dry_run=False,
        now=NOW,
    )
    if since is not None:
        async with access.system() as connection:
            await connection.execute(since)

    await work_once(works=WORKS, clock=clock)

    ended = await job(company_id, job_id)
    expected = ("SUCCEEDED", None) if since is None else ("FAILED", "ASKER_GONE")
    assert (ended["state"], ended["error"]) == expected
    assert len(await branches(company_id)) == (BRANCHES if since is None else 0)


async def far_enough(company_id: CompanyId, job_id: JobId, done: int) -> None:
    for _ in range(1_200):
        if (await job(company_id, job_id))["done"] >= done:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the worker does nothing")


async def test_a_killed_worker_process_repeats_and_skips_nothing(
    company_id: CompanyId, asker: Asker, database: Urls, redis_url: str, tmp_path: Path
) -> None:
    names = [f"B{n:05}" for n in range(MANY_BRANCHES)]
    job_id = await queued(company_id, asker, workbook(branches=[("name",), *((n,) for n in names)]))
    async with access.system() as connection:
        # The worker's clock is the real one.
        await connection.execute("update stored_file set expires_at = now() + interval '1 day'")
    env = {
        **environment(tmp_path),
        **database_settings(database),
        "REDIS_URL": redis_url,
        "WATTLEDGER_TOKEN_SECRET": "a-secret-of-thirty-two-bytes-or-more",
        "WATTLEDGER_DATA_KEY": DATA_KEY,
    }
    killed_at = []
    for goal in (CHUNK_ITEMS, 15 * CHUNK_ITEMS, MANY_BRANCHES):
        worker = subprocess.Popen(  # noqa: ASYNC220 - ourselves
            [sys.executable, "-m", "cli.main", "worker"], env=env, stderr=subprocess.DEVNULL
        )
        try:
            await far_enough(company_id, job_id, goal)
        finally:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        killed_at.append((await job(company_id, job_id))["done"])
        async with access.system() as connection:
            await connection.execute("update job set leased_until = now() where state = 'RUNNING'")

    assert killed_at[0] < killed_at[1] < killed_at[2] == MANY_BRANCHES
    assert Counter(await branches(company_id)) == Counter(names)
    assert await entries(company_id) == MANY_BRANCHES


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

"""Workers are killed as processes, and nothing is done twice or left out."""

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from db import access
from db.ids import CompanyId, JobId
from db.settings import Urls
from domain.imports.work import CHUNK_ITEMS
from domain.longwork.jobs import Asker
from tests.cli.command_line import database_settings
from tests.cli.demo_run import environment
from tests.factories import DATA_KEY
from tests.imports import job, queued, workbook
from tests.workers.long_jobs.importing import branches, entries

MANY_BRANCHES = 40 * CHUNK_ITEMS


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

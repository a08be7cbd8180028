"""Workers are killed as processes, and nothing is done twice or left out."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from db import access
from db.ids import CompanyId
from db.settings import Urls
from domain.imports.work import CHUNK_ITEMS
from domain.longwork.jobs import Asker
from tests.cli.command_line import database_settings
from tests.cli.demo_run import environment
from tests.factories import DATA_KEY
from tests.imports import WORKS, job, queued, workbook
from tests.waiting import held, others_wait
from tests.workers.long_jobs.importing import branches, entries
from workers.long_jobs import work_once

MANY_BRANCHES = 20 * CHUNK_ITEMS
# Who adds a branch of this name waits until it is known whether it stays.
HOLD = "insert into branch (company_id, name) values ($1, $2)"


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
    for place in (CHUNK_ITEMS, 15 * CHUNK_ITEMS + 1):
        async with held(database, HOLD, company_id, names[place]) as holder:
            worker = subprocess.Popen(  # noqa: ASYNC220 - ourselves
                [sys.executable, "-m", "cli.main", "worker"], env=env, stderr=subprocess.DEVNULL
            )
            try:
                await others_wait(holder, 1)
            finally:
                worker.kill()
                worker.wait()
        killed_at.append((await job(company_id, job_id))["done"])
        async with access.system() as connection:
            await connection.execute("update job set leased_until = now() where state = 'RUNNING'")

    await work_once(works=WORKS, clock=lambda: datetime.now(UTC), only=job_id)

    assert killed_at == [CHUNK_ITEMS, 15 * CHUNK_ITEMS]
    assert Counter(await branches(company_id)) == Counter(names)
    assert await entries(company_id) == MANY_BRANCHES

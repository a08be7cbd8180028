"""Doing one job from the command line, in this process or by a worker that is quicker."""

import asyncio
import locale
from contextlib import suppress

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from api.job_messages import job_message
from cli.endings import Refused
from cli.servers import data_key
from cli.surroundings import now, read_settings
from db.enums import JobState, Scope
from db.ids import CompanyId, JobId
from domain.longwork import queries
from domain.longwork.jobs import Asker
from domain.longwork.queries import Standing
from domain.longwork.running import ItemError
from domain.subscribers.keyring import Keyring

LOOK_EVERY_S = 0.3
# Who may run commands on the server may do everything there.
OPERATOR_OF_THE_SERVER = Asker(user_id=None, role=None, scopes=frozenset(Scope))


async def done(company_id: CompanyId, job_id: JobId, keyring: Keyring) -> Standing:
    """Return how a job ended, having shown how it went on."""
    # What reads and writes spreadsheets takes a while to load.
    from workers.long_jobs import work_once  # noqa: PLC0415
    from workers.works import works  # noqa: PLC0415

    working = asyncio.create_task(work_once(works=works(keyring), clock=now, only=job_id))
    try:
        with Progress(console=Console(stderr=True), transient=True) as shown:
            bar = shown.add_task("Reading", total=None)
            while True:
                standing = await queries.standing(company_id=company_id, job_id=job_id)
                shown.update(bar, completed=standing.done, total=standing.total)
                if standing.is_over:
                    return standing
                await asyncio.wait({working}, timeout=LOOK_EVERY_S)
                if working.done():
                    # Whatever stopped it, but for a worker that was quicker.
                    working.result()
                    await asyncio.sleep(LOOK_EVERY_S)
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


async def checked(company_id: CompanyId, job_id: JobId) -> Standing:
    """Return how a job ended that succeeded; this process has done it, or another.

    :raises Refused: it failed; its errors have been shown
    """
    keyring = Keyring(data_key(read_settings()))
    standing = await done(company_id, job_id, keyring)
    if standing.state is JobState.SUCCEEDED:
        return standing
    if standing.error_count:
        _show(await queries.errors(company_id=company_id, job_id=job_id), standing.error_count)
    code = standing.error or "INTERNAL"
    raise Refused(said(code, standing.error_params))


def said(code: str, params: dict[str, str]) -> str:
    return job_message(code, locale=locale.getlocale()[0] or "en", facts=params)


def _show(errors: list[ItemError], count: int) -> None:
    table = Table("Sheet", "Row", "Column", "Code", "What", highlight=False)
    for error in errors:
        facts = {"field": error.column or "", **error.params}
        table.add_row(
            error.sheet or "",
            "" if error.row is None else str(error.row),
            error.column or "",
            error.code,
            said(error.code, facts),
        )
    console = Console()
    console.print(table, markup=False)
    if count > len(errors):
        console.print(f"{count - len(errors)} more are not shown.")

"""Statements of a bank, and transfers that wait."""

from db import access
from db.enums import JobState, StatementFormat
from db.ids import JobId, TransferId
from domain.longwork.jobs import Asker
from domain.longwork.queries import standing
from domain.payments import statement_work
from tests.factories import NOW, Place
from tests.imports import WORKS, sent
from workers.long_jobs import work_once

ASKER = Asker(user_id=None, role=None, scopes=frozenset())


HEADER = "date;amount;currency;reference;bank_reference\n"


# The same again for each of the months before, all open.
ADD_MONTHS = """
    insert into invoice
    select (jsonb_populate_record(i, jsonb_build_object('id', i.id + n, 'number', n,
        'place_in_series', n + 1, 'month', i.month - n * interval '1 month',
        'lines_micro', n * 10000, 'rounding_micro', 0, 'total_micro', n * 10000))).*
    from invoice i, generate_series(1, 5000) n
"""


async def take_in(place: Place, *lines: str) -> tuple[JobState, dict[str, int] | None]:
    content = (HEADER + "\n".join(lines)).encode()
    job_id = await statement_work.start(
        company_id=place.company_id,
        asker=ASKER,
        file_id=await sent(place.company_id, None, content),
        format=StatementFormat.CSV,
        now=NOW,
    )
    assert await work_once(works=WORKS, clock=lambda: NOW, only=JobId(job_id))
    found = await standing(company_id=place.company_id, job_id=job_id)
    return found.state, found.result.get("transfers")


async def waiting(place: Place) -> tuple[TransferId, int]:
    async with access.system() as connection:
        row = await connection.fetchrow("select id, version from bank_transfer")
    assert row is not None
    return TransferId(row["id"]), row["version"]

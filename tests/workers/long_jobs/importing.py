"""An import that takes several steps, and what it leaves."""

from db.ids import CompanyId
from domain.imports.work import CHUNK_ITEMS
from domain.longwork.running import LEASE, Run, claim
from tests.factories import NOW
from tests.imports import fetch, workbook

BRANCHES = 3 * CHUNK_ITEMS + 50
CONTENT = workbook(branches=[("name",), *((f"B{n:05}",) for n in range(BRANCHES))])
LATER = NOW + LEASE


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

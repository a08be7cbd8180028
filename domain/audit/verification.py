"""Proving that no daily entry was altered, removed or moved. Platform staff and auditors only."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta

from db import access
from db.ids import CompanyId
from domain.audit.chain import COLUMNS, Break, Broken, Head, Seal, Sealed, check, digest
from domain.audit.sealing import ENTRY_COLUMNS

PAGE = 5_000
# The sealer comes every few seconds; what waits longer was taken out of its sight.
SEALING_TAKES_MAX = timedelta(minutes=15)

# What forgets is an entry itself: it is checked with the chain, and shows to whoever reads it.
IS_FORGOTTEN = """
    case when e.id is null then exists (
        select from daily_entry f
        where f.company_id = s.company_id and f.id > s.entry_id
            and f.kind = 'DELETED' and f.object_type = 'DailyEntry'
            and f.before -> 'entries' @> to_jsonb(s.entry_id)
    ) else false end
"""
LINKS = f"""
    select s.number as seal_number, s.entry_id as seal_entry_id, s.digest as seal_digest,
        s.hash as seal_hash, {IS_FORGOTTEN} as is_forgotten, {ENTRY_COLUMNS}
    from daily_entry_seal s
    left join daily_entry e on e.company_id = s.company_id and e.id = s.entry_id
    where s.company_id = $1 and s.number > $2 order by s.number limit $3
"""
UNSEALED = """
    with page as (
        select id, recorded_at from daily_entry
        where company_id = $1 and id > $2 order by id limit $3
    )
    select max(p.id) as last,
        min(p.id) filter (where s.entry_id is null and p.recorded_at < $4) as unsealed
    from page p left join daily_entry_seal s on s.company_id = $1 and s.entry_id = p.id
"""
# From one company to the next by the index: the tables have too many rows to look at all.
COMPANIES = " union ".join(
    f"""
    (with recursive found as (
        select min(company_id) as id from {table}
        union all
        select (select min(company_id) from {table} where company_id > found.id) from found
        where found.id is not null
    ) select id as company_id from found where id is not null)
    """
    for table in ("daily_entry", "daily_entry_seal")
)
HASH = "select hash from daily_entry_seal where company_id = $1 and number = $2"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a company's chain. company_id 0 is the platform's."""

    company_id: CompanyId
    head: Head
    broken: Broken | None


async def verify(
    *, now: datetime, heads: Mapping[CompanyId, Head] | None = None, page: int = PAGE
) -> list[Verdict]:
    """Follow every chain from its beginning.

    heads: where chains stood when somebody wrote it down: a chain that was cut off behind, or
        rewritten as a whole, holds in itself and shows by these alone.
    page: how many links or entries a transaction looks at.
    """
    heads = heads or {}
    async with access.system() as connection:
        rows = await connection.fetch(COMPANIES)
    companies = {CompanyId(row["company_id"]) for row in rows} | set(heads)
    return [
        await _verdict(company_id, heads.get(company_id), now=now, size=page)
        for company_id in sorted(companies)
    ]


async def _verdict(
    company_id: CompanyId, known: Head | None, *, now: datetime, size: int
) -> Verdict:
    head = Head()
    async with aclosing(_pages(company_id, size)) as pages:
        async for page in pages:
            checked = check(page, head)
            if isinstance(checked, Broken):
                return Verdict(company_id, head, checked)
            head = checked
    broken = await _contradiction(company_id, known)
    broken = broken or await _left_out(company_id, now=now, size=size)
    return Verdict(company_id, head, broken)


async def _pages(company_id: CompanyId, size: int) -> AsyncGenerator[list[Sealed], None]:
    number = 0
    while True:
        async with access.system() as connection:
            rows = await connection.fetch(LINKS, company_id, number, size)
        if not rows:
            return
        yield [
            Sealed(
                Seal(
                    row["seal_number"], row["seal_entry_id"], row["seal_digest"], row["seal_hash"]
                ),
                None if row["id"] is None else digest(row[name] for name in COLUMNS),
                row["is_forgotten"],
            )
            for row in rows
        ]
        number = rows[-1]["seal_number"]


async def _contradiction(company_id: CompanyId, known: Head | None) -> Broken | None:
    if known is None or known.number == 0:
        return None
    async with access.system() as connection:
        found = await connection.fetchval(HASH, company_id, known.number)
    if found is None:
        return Broken(Break.CUT, known.number, None)
    return None if found == known.hash else Broken(Break.ALTERED, known.number, None)


async def _left_out(company_id: CompanyId, *, now: datetime, size: int) -> Broken | None:
    last: int | None = 0
    while last is not None:
        async with access.system() as connection:
            (row,) = await connection.fetch(
                UNSEALED, company_id, last, size, now - SEALING_TAKES_MAX
            )
        last, entry_id = row["last"], row["unsealed"]
        if entry_id is not None:
            return Broken(Break.UNSEALED, 0, entry_id)
    return None

"""Finding companies, for those who stand above them all."""

from dataclasses import dataclass

from db import access
from db.ids import CompanyId

COMPANIES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class CompanyName:
    """A company, and the zone whose days are its days."""

    company_id: CompanyId
    name: str
    time_zone: str


async def companies() -> list[CompanyName]:
    """Return all active companies by name, at most 10,000. Platform staff only."""
    async with access.system() as connection:
        rows = await connection.fetch(
            "select id, name, time_zone from company where active order by name, id limit $1",
            COMPANIES_MAX,
        )
    return [CompanyName(CompanyId(row["id"]), row["name"], row["time_zone"]) for row in rows]

"""Finding companies, for those who stand above them all."""

from dataclasses import dataclass, replace

from db import access
from db.ids import CompanyId
from domain import listing
from domain.filters import Condition
from domain.hierarchy.queries import COMPANIES
from domain.listing import Page, Record, Wall, Window

COMPANIES_MAX = 10_000
OF_ALL = replace(COMPANIES, company_column=None)
EVERYWHERE = Wall(lambda _: "true", {})


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


async def page(window: Window) -> Page:
    """Return a page of all companies, by name. Platform staff only."""
    async with access.system() as connection:
        return await listing.page(connection, OF_ALL, window=window, wall=EVERYWHERE)


async def count(where: Condition) -> int:
    """Return how many companies meet the condition. Platform staff only."""
    async with access.system() as connection:
        return await listing.count(connection, OF_ALL, wall=EVERYWHERE, where=where)


async def by_id(company_id: CompanyId) -> Record | None:
    """Return any company. Platform staff only."""
    async with access.system() as connection:
        found = await listing.by_ids(connection, OF_ALL, [company_id], wall=EVERYWHERE)
    return found.get(company_id)

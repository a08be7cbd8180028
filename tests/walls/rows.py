"""What is in the database, seen by the owner of its tables, whom no wall stops."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

from api.schema.node import NODES
from db.ids import CompanyId
from domain.listing import Listing

TEXT_CHARACTERS_MIN = 5
# Smaller numbers turn up anywhere.
NUMBER_MIN = 1_000_000

TABLES = """
    select c.relname as name, exists (
        select from pg_attribute a where a.attrelid = c.oid and a.attname = 'company_id'
    ) as is_tenants
    from pg_class c
    where c.relkind in ('r', 'p') and not c.relispartition
        and c.relnamespace = 'public'::regnamespace
    order by 1
"""
SEE_COMPANY = "select set_config('app.company', $1, true)"


@dataclass(frozen=True, slots=True)
class Contents:
    """Rows of a company: ids by type, and every text and large number in any of them."""

    ids: Mapping[str, set[int]]
    texts: set[str]

    def without(self, other: "Contents") -> "Contents":
        ids = {name: ids - other.ids[name] for name, ids in self.ids.items()}
        return Contents(ids, self.texts - other.texts)


class Rows:
    """Reads all tables."""

    def __init__(self, owner: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._owner = owner

    async def of_company(self, company_id: CompanyId) -> Contents:
        texts: set[str] = set()
        for table in await self._owner.fetch(TABLES):
            if table["is_tenants"]:
                rows = await self._owner.fetch(
                    f"select to_jsonb(t) as row from {table['name']} t where company_id = $1",
                    company_id,
                )
                for row in rows:
                    texts.update(texts_in(json.loads(row["row"])))
        ids = {name: await self._ids(node.listing, company_id) for name, node in NODES.items()}
        return Contents(ids, texts)

    async def digest(self, company_id: CompanyId | None = None) -> dict[str, Any]:
        """Return a number for each table that changes with any of its rows.

        company_id: only the rows of this company.
        """
        tables = await self._owner.fetch(TABLES)
        parts = (
            f"select '{table['name']}' as name,"
            f" sum(hashtextextended(t::text, 0)::numeric) as digest from {table['name']} t"
            + (f" where company_id = {company_id:d}" if company_id is not None else "")
            for table in tables
            if company_id is None or table["is_tenants"]
        )
        found = await self._owner.fetch(" union all ".join(parts))
        return {row["name"]: row["digest"] for row in found}

    async def close(self) -> None:
        await self._owner.close()

    async def _ids(self, listing: Listing, company_id: CompanyId) -> set[int]:
        async with self._owner.transaction():
            # Views show the rows of the company that the transaction names.
            await self._owner.execute(SEE_COMPANY, str(company_id))
            rows = await self._owner.fetch(
                f"select id from {listing.table} where {listing.company_column} = $1", company_id
            )
        return {row["id"] for row in rows}


def texts_in(value: object) -> Iterator[str]:
    """Yield every text within a value of JSON, and every large number."""
    match value:
        case dict():
            for one in value.values():
                yield from texts_in(one)
        case list():
            for one in value:
                yield from texts_in(one)
        case str() if len(value) >= TEXT_CHARACTERS_MIN:
            yield value
        case int() if value >= NUMBER_MIN:
            yield str(value)

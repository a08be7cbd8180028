"""People's data, as it is read, found and kept."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import asyncpg

from db import access
from db.enums import ProtectionKind, Scope
from db.ids import CompanyId, ProofId
from db.settings import Urls
from domain.listing import Wall
from domain.search.queries import search
from domain.search.ways import SearchType
from domain.subscribers import contacts, protection
from domain.subscribers.protection import Detail
from tests.factories import KEYRING, NOW, Place

SECRETS = ("Ayşe", "Işık", "ayse", "5550000000", "ALS", "file 7")


async def fetch(query: str, *arguments: object) -> list[dict[str, Any]]:
    async with access.system() as connection:
        return [dict(row) for row in await connection.fetch(query, *arguments)]


def wall(company_id: CompanyId) -> Wall:
    return Wall(lambda _: "true", {"company": company_id, "now": NOW})


async def read(company_id: CompanyId, ids: Sequence[int]) -> dict[int, contacts.Contact]:
    async with access.tenant(company_id) as connection:
        return await contacts.read(connection, KEYRING, ids, wall=wall(company_id))


async def find(company_id: CompanyId, text: str) -> list[int]:
    async with access.tenant(company_id) as connection:
        hits = await search(
            connection,
            text=text,
            types={SearchType.SUBSCRIBER},
            scopes={Scope.SUBSCRIBERS_CONTACT},
            limit=10,
            wall=wall(company_id),
            keyring=KEYRING,
        )
    return [hit.id for hit in hits]


async def protect(place: Place) -> ProofId:
    return await protection.add(
        company_id=place.company_id,
        subscriber_id=place.subscriber_id,
        detail=Detail(kind=ProtectionKind.LIFE_SUPPORT, document="file 7", note="ALS"),
        valid_from=date(2026, 1, 1),
        valid_until=None,
        keyring=KEYRING,
    )


async def everything(database: Urls) -> str:
    """Return every row of every table as a text."""
    owner = await asyncpg.connect(database.owner)
    try:
        tables = await owner.fetch(
            "select relname from pg_class where relkind = 'r'"
            " and relnamespace = 'public'::regnamespace"
        )
        rows = [
            await owner.fetch(f"select t::text as row from {table['relname']} t")
            for table in tables
        ]
    finally:
        await owner.close()
    return "\n".join(row["row"] for of_table in rows for row in of_table)

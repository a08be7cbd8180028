"""Finding registered documents."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from db import access
from db.ids import CompanyId, DocumentId
from domain.facets import instant, text, whole
from domain.listing import Listing

CHUNK_ROWS = 200
LISTED_MAX = 10_000

DOCUMENTS = Listing(
    table="document",
    columns=(
        "id",
        "partner",
        "name",
        "body",
        "text_hash",
        "operations",
        "cost",
        "registered_at",
        "retired_at",
        "version",
    ),
    facets=(
        text("document.name"),
        text("document.partner"),
        whole("document.cost"),
        instant("document.registered_at"),
        instant("document.retired_at", nullable=True),
    ),
    order="name",
)

USES = """
    select id, partner from document
    where company_id = $1 and text_hash = $2 and retired_at is null
    order by id
"""
TEXT = """
    select body from document
    where company_id = $1 and text_hash = $2 and retired_at is null
    limit 1
"""
# No company comes twice, and a page goes on behind the last row of the one before.
LIVE = """
    select d.company_id, c.name as company_name, d.id, d.partner, d.name, d.body, d.text_hash
    from document d
    join company c on c.id = d.company_id
    where d.company_id = any($1::int4[]) and d.retired_at is null
        and (d.company_id, d.id) > ($2, $3)
    order by d.company_id, d.id
    limit $4
"""
LISTED = """
    select id, partner, name, text_hash, cost, operations, registered_at, retired_at from document
    where company_id = $1 and ($2::text is null or partner = $2) and ($3 or retired_at is null)
    order by partner, name, id
    limit $4
"""


@dataclass(frozen=True, slots=True)
class Use:
    """One live registration of a text."""

    document_id: DocumentId
    partner: str


@dataclass(frozen=True, slots=True)
class LiveDocument:
    """A live document as a check needs it."""

    company_id: CompanyId
    company_name: str
    id: DocumentId
    partner: str
    name: str
    text: str
    text_hash: bytes


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """A document without its text."""

    id: DocumentId
    partner: str
    name: str
    text_hash: bytes
    cost: int
    operations: Sequence[str]
    registered_at: datetime
    retired_at: datetime | None


async def uses(*, company_id: CompanyId, text_hash: bytes) -> list[Use]:
    """Return the live registrations of a text; none when it is not registered, or not any more."""
    async with access.reading(company_id) as connection:
        rows = await connection.fetch(USES, company_id, text_hash)
    return [Use(DocumentId(row["id"]), row["partner"]) for row in rows]


async def text_of(*, company_id: CompanyId, text_hash: bytes) -> str | None:
    """Return a live document's text."""
    async with access.reading(company_id) as connection:
        text: str | None = await connection.fetchval(TEXT, company_id, text_hash)
    return text


async def listed(
    *, company_id: CompanyId, partner: str | None = None, retired: bool = False
) -> list[ListedDocument]:
    """Return a company's documents by partner and name, at most 10,000."""
    async with access.tenant(company_id) as connection:
        rows = await connection.fetch(LISTED, company_id, partner, retired, LISTED_MAX)
    return [ListedDocument(**dict(row)) for row in rows]


async def live_documents(*, company_ids: Sequence[CompanyId]) -> AsyncIterator[LiveDocument]:
    """Yield every live document of the companies, a few hundred rows at a time."""
    last = (0, 0)
    while True:
        async with access.system() as connection:
            rows = await connection.fetch(LIVE, list(company_ids), *last, CHUNK_ROWS)
        for row in rows:
            yield _live(row)
        if len(rows) < CHUNK_ROWS:
            return
        last = (rows[-1]["company_id"], rows[-1]["id"])


def _live(row: asyncpg.Record) -> LiveDocument:
    return LiveDocument(
        company_id=CompanyId(row["company_id"]),
        company_name=row["company_name"],
        id=DocumentId(row["id"]),
        partner=row["partner"],
        name=row["name"],
        text=row["body"],
        text_hash=row["text_hash"],
    )

"""Registering and retiring documents. Not here: whether they fit a schema; only the API knows."""

from collections.abc import Sequence
from datetime import datetime

import orjson

from db import access
from db.ids import CompanyId, DocumentId
from domain.documents.rules import (
    AT_ONCE_MAX,
    LIVE_MAX,
    Registration,
    check_document,
    check_partner,
)
from domain.refusals import NotThere, Refused


class TooManyDocuments(Refused):
    """The company would have more live documents than it may."""


# One registration at a time and company, or two could pass the limit together.
LOCK = "select pg_advisory_xact_lock(hashtext('document'), $1)"
COUNT = "select count(*) from document where company_id = $1 and retired_at is null"
REGISTER = """
    insert into document
        (company_id, partner, name, body, text_hash, operations, cost, registered_at)
    select $1, $2, name, body, text_hash,
        array(select json_array_elements_text(operations::json)), cost, $8
    from unnest($3::text[], $4::text[], $5::bytea[], $6::text[], $7::int4[])
        as new (name, body, text_hash, operations, cost)
    order by text_hash
    on conflict (company_id, text_hash, partner) where retired_at is null do nothing
"""
LIVE_IDS = """
    select id, text_hash from document
    where company_id = $1 and partner = $2 and text_hash = any($3::bytea[]) and retired_at is null
"""
RETIRE = """
    update document set retired_at = $3, version = version + 1
    where company_id = $1 and id = any($2::int8[]) and retired_at is null
"""
IN_ORDER = """
    select id from document where company_id = $1 and id = any($2::int8[]) order by id for update
"""


async def register(
    *, company_id: CompanyId, partner: str, documents: Sequence[Registration], now: datetime
) -> list[DocumentId]:
    """Register documents for a partner, all or none. Safe to repeat: what is live stays as it is.

    documents: found to fit the schema and the limits.
    Returns their ids in the same order.

    :raises Unregistrable: a name or a text cannot be; nothing was written
    :raises TooManyDocuments: nothing was written
    """
    check_partner(partner)
    for document in documents:
        check_document(document.name, document.text)
    if len(documents) > AT_ONCE_MAX:
        raise TooManyDocuments("documents", limit=AT_ONCE_MAX)
    hashes = [document.text_hash for document in documents]
    async with access.tenant(company_id) as connection:
        await connection.execute(LOCK, company_id)
        await connection.execute(
            REGISTER,
            company_id,
            partner,
            [document.name for document in documents],
            [document.text for document in documents],
            hashes,
            [orjson.dumps(document.operations).decode() for document in documents],
            [document.cost for document in documents],
            now,
        )
        if await connection.fetchval(COUNT, company_id) > LIVE_MAX:
            raise TooManyDocuments("documents", limit=LIVE_MAX)
        rows = await connection.fetch(LIVE_IDS, company_id, partner, hashes)
    ids = {row["text_hash"]: DocumentId(row["id"]) for row in rows}
    return [ids[text_hash] for text_hash in hashes]


async def retire(
    *, company_id: CompanyId, document_ids: Sequence[DocumentId], now: datetime
) -> None:
    """Refuse documents from now on, all or none. Safe to repeat.

    :raises NotThere: one is not there; nothing was written
    """
    async with access.tenant(company_id) as connection:
        rows = await connection.fetch(IN_ORDER, company_id, document_ids)
        if set(document_ids) - {row["id"] for row in rows}:
            raise NotThere
        await connection.execute(RETIRE, company_id, document_ids, now)

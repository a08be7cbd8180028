"""Registering and retiring documents."""

import asyncio
import json
from datetime import timedelta

import asyncpg
import pytest

from db import access
from db.ids import CompanyId, DocumentId
from domain.documents import operations, queries
from domain.documents.rules import LIVE_MAX, Registration, Unregistrable, hash_of
from domain.refusals import NotThere
from tests.factories import NOW, make_place

PARTNER = "console"
LATER = NOW + timedelta(days=1)

pytestmark = pytest.mark.usefixtures("connected")


def document(name: str = "Meters") -> Registration:
    return Registration(name, f"query {name} {{ meters {{ totalCount }} }}", [name], 6)


async def register(
    company_id: CompanyId, *documents: Registration, partner: str = PARTNER
) -> list[DocumentId]:
    return await operations.register(
        company_id=company_id, partner=partner, documents=documents, now=NOW
    )


async def test_a_document_is_found_by_its_hash() -> None:
    place = await make_place(meters=0)

    (document_id,) = await register(place.company_id, document())

    text_hash = hash_of(document().text)
    found = await queries.uses(company_id=place.company_id, text_hash=text_hash)
    assert found == [queries.Use(document_id, PARTNER)]
    text = await queries.text_of(company_id=place.company_id, text_hash=text_hash)
    assert text == document().text


async def test_registering_again_changes_nothing() -> None:
    place = await make_place(meters=0)
    first = await register(place.company_id, document("A"), document("B"))

    again = await register(place.company_id, document("B"), document("A"), document("B"))

    assert again == [first[1], first[0], first[1]]
    assert len(await queries.listed(company_id=place.company_id)) == 2


async def test_partners_have_their_own_registrations_of_a_text() -> None:
    place = await make_place(meters=0)
    (mine,) = await register(place.company_id, document(), partner="mine")
    (other,) = await register(place.company_id, document(), partner="other")

    await operations.retire(company_id=place.company_id, document_ids=[mine], now=LATER)

    found = await queries.uses(company_id=place.company_id, text_hash=hash_of(document().text))
    assert found == [queries.Use(other, "other")]


async def test_a_retired_document_is_kept_and_may_be_registered_anew() -> None:
    place = await make_place(meters=0)
    (old,) = await register(place.company_id, document())
    for _ in range(2):
        await operations.retire(company_id=place.company_id, document_ids=[old], now=LATER)

    (new,) = await register(place.company_id, document())

    assert new != old
    (live,) = await queries.listed(company_id=place.company_id)
    assert live.id == new
    both = await queries.listed(company_id=place.company_id, retired=True)
    assert [(one.id, one.retired_at) for one in both] == [(old, LATER), (new, None)]


async def test_one_wrong_document_keeps_all_from_being_registered() -> None:
    place = await make_place(meters=0)

    with pytest.raises(Unregistrable):
        await register(place.company_id, document(), Registration("", "{ x }", [], 0))
    with pytest.raises(Unregistrable):
        await register(place.company_id, document(), partner=" ")

    assert await queries.listed(company_id=place.company_id) == []


async def test_retiring_a_document_of_another_company_retires_none() -> None:
    mine, other = await make_place(meters=0), await make_place(meters=0)
    (own,) = await register(mine.company_id, document())
    (foreign,) = await register(other.company_id, document())

    with pytest.raises(NotThere):
        await operations.retire(company_id=mine.company_id, document_ids=[own, foreign], now=LATER)

    assert [one.id for one in await queries.listed(company_id=mine.company_id)] == [own]
    assert [one.id for one in await queries.listed(company_id=other.company_id)] == [foreign]


async def test_a_company_has_its_limit_of_documents_also_under_concurrency() -> None:
    place = await make_place(meters=0)
    async with access.system() as connection:
        await connection.execute(
            "insert into document (company_id, partner, name, body, text_hash, operations, cost,"
            " registered_at) select $1, 'filler', 'x', body, sha256(convert_to(body, 'UTF8')),"
            " '{}', 0, $2 from (select 'q' || n as body from generate_series(1, $3) n) texts",
            place.company_id,
            NOW,
            LIVE_MAX - 1,
        )

    outcomes = await asyncio.gather(
        *(register(place.company_id, document(name)) for name in "ABC"), return_exceptions=True
    )

    refused = [one for one in outcomes if isinstance(one, operations.TooManyDocuments)]
    assert len(refused) == 2
    assert len(await queries.listed(company_id=place.company_id)) == LIVE_MAX


async def test_a_text_never_stands_under_another_hash() -> None:
    place = await make_place(meters=0)
    await register(place.company_id, document())

    with pytest.raises(asyncpg.CheckViolationError):
        async with access.tenant(place.company_id) as connection:
            await connection.execute(
                "update document set body = 'other' where company_id = $1", place.company_id
            )


async def test_registering_and_retiring_are_daily_entries_without_the_text() -> None:
    place = await make_place(meters=0)
    (document_id,) = await register(place.company_id, document())
    await operations.retire(company_id=place.company_id, document_ids=[document_id], now=LATER)

    async with access.tenant(place.company_id) as connection:
        found = await connection.fetch(
            "select kind, object_id, after from daily_entry"
            " where company_id = $1 and object_type = 'RegisteredDocument' order by id",
            place.company_id,
        )

    assert [(one["kind"], one["object_id"]) for one in found] == [
        ("ADDED", document_id),
        ("UPDATED", document_id),
    ]
    shown = json.loads(found[0]["after"])
    assert shown["name"] == "Meters"
    assert shown["text_hash"] == f"\\x{hash_of(document().text).hex()}"
    assert "body" not in shown


async def test_live_documents_of_all_companies_come_once_each() -> None:
    places = [await make_place(meters=0) for _ in range(3)]
    many = [document(f"D{number}") for number in range(queries.CHUNK_ROWS + 1)]
    await register(places[0].company_id, *many)
    await register(places[1].company_id, document())
    await register(places[2].company_id, document())

    company_ids = [place.company_id for place in places[:2]]
    found = [one async for one in queries.live_documents(company_ids=company_ids)]

    assert len(found) == len({one.id for one in found}) == len(many) + 1
    assert {one.company_id for one in found} == set(company_ids)

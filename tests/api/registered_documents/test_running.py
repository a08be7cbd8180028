"""Registered documents are run by their id."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from api.caller import Caller
from api.documents import Documents
from api.documents_registered import KEPT_CHARACTERS_MAX, RegisteredDocuments
from api.root import api_schema
from db.enums import Role
from db.ids import CompanyId, SessionId, UserId
from db.settings import Urls
from domain.documents.rules import hash_of
from tests.api.documents import id_of, register
from tests.api.registered_documents.asking import NAME, SCHEMA, WHO, apollo, code, get
from tests.api.web import Web
from tests.api.web import web as running_web
from tests.factories import NOW, make_place

SIGN_OUT = "mutation { signOut { signedOut } }"


@pytest.fixture
async def production(database: Urls, redis_url: str) -> AsyncIterator[Web]:
    async with running_web(database, redis_url, production=True) as web:
        yield web


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"documentId": id_of(WHO)}, id="by its id"),
        pytest.param({"documentId": id_of(WHO), "query": ""}, id="with an empty text"),
        pytest.param({"documentId": id_of(WHO), "query": None}, id="with null for a text"),
        pytest.param({"documentId": id_of(WHO), "query": WHO}, id="with its text"),
        pytest.param(apollo(WHO), id="in Apollo's form"),
        pytest.param({**apollo(WHO), "query": WHO}, id="in Apollo's form with its text"),
        pytest.param({**apollo(SCHEMA), "documentId": id_of(WHO)}, id="the id before Apollo's"),
    ],
)
async def test_a_document_is_run_by_post_and_get(web: Web, body: dict[str, Any]) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)
    await register(place.company_id, WHO)

    posted = await web.post(body, user.headers)
    texts = {
        name: value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in body.items()
        if value is not None
    }
    got = await get(web, user, **texts)

    assert posted.json()["data"] == got.json()["data"] == NAME


async def test_variables_and_the_operations_name_go_with_it(web: Web) -> None:
    text = "query A { viewer { locale } } query B($n: Int) { meters(first: $n) { totalCount } }"
    place = await make_place(meters=2)
    user = await web.user(place.company_id)
    await register(place.company_id, text)

    response = await web.post(
        {"documentId": id_of(text), "operationName": "B", "variables": {"n": 1}}, user.headers
    )

    assert response.json()["data"] == {"meters": {"totalCount": 2}}


async def test_a_registered_mutation_is_not_run_by_get(web: Web) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)
    await register(place.company_id, SIGN_OUT)

    response = await get(web, user, documentId=id_of(SIGN_OUT))

    assert response.status_code == 405
    assert (await web.ask(WHO, user)).data == NAME


async def test_in_production_a_document_asks_for_the_schema_only_with_the_right(
    production: Web,
) -> None:
    place = await make_place(meters=0)
    administrator = await production.user(place.company_id)
    operator = await production.user(place.company_id, Role.OPERATOR)
    await register(place.company_id, SCHEMA)
    body = {"documentId": id_of(SCHEMA)}

    allowed = await production.post(body, administrator.headers)
    refused = await production.post(body, operator.headers)

    assert allowed.json()["data"] == {"__schema": {"queryType": {"name": "Query"}}}
    assert code(refused) == "GRAPHQL_VALIDATION_FAILED"


def caller_of(company_id: CompanyId) -> Caller:
    return Caller(
        user_id=UserId(1),
        session_id=SessionId(1),
        name="Deniz",
        company_id=company_id,
        role=Role.ADMINISTRATOR,
        scopes=frozenset(),
        locale="en",
        time_zone="UTC",
        expires_at=NOW,
    )


async def test_documents_are_kept_up_to_a_number_of_characters(web: Web) -> None:
    place = await make_place(meters=0)
    texts = [f"{WHO} #{number}" + "x" * 60_000 for number in range(10)]
    for text in texts:
        await register(place.company_id, text)
    caller = caller_of(place.company_id)
    registered = RegisteredDocuments(Documents(api_schema()._schema))

    first, *_, newest = [await registered.get(hash_of(text), caller, now=NOW) for text in texts]

    assert await registered.get(hash_of(texts[-1]), caller, now=NOW) is newest
    assert await registered.get(hash_of(texts[0]), caller, now=NOW) is not first
    assert len(texts) * 60_000 > KEPT_CHARACTERS_MAX

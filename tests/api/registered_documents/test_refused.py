"""Documents that are not registered, no longer or not here, are not run."""

from datetime import timedelta
from typing import Any

import pytest

from api.documents_registered import FRESH_FOR
from domain.documents import operations
from domain.documents.rules import Registration
from tests.api.documents import id_of, register
from tests.api.registered_documents.asking import NAME, SCHEMA, WHO, apollo, code
from tests.api.web import Web
from tests.factories import NOW, make_place

GRAPHQL_TYPE = "application/graphql-response+json"


@pytest.mark.parametrize("body", [{"documentId": id_of(WHO)}, apollo(WHO)], ids=["id", "Apollo"])
async def test_an_unknown_document_is_not_found(web: Web, body: dict[str, Any]) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)

    response = await web.post(body, {**user.headers, "Accept": GRAPHQL_TYPE})

    assert response.status_code == 400
    assert code(response) == "PERSISTED_QUERY_NOT_FOUND"
    assert "data" not in response.json()


async def test_sending_the_text_along_registers_nothing(web: Web) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)

    with_text = await web.post({**apollo(WHO), "query": WHO}, user.headers)
    without = await web.post(apollo(WHO), user.headers)

    assert with_text.json()["data"] == NAME
    assert code(without) == "PERSISTED_QUERY_NOT_FOUND"
    assert "sending the text along does not" in without.json()["errors"][0]["message"]


async def test_another_companys_document_is_not_found_nor_anybodys_without_a_company(
    web: Web,
) -> None:
    mine, other = await make_place(meters=0), await make_place(meters=0)
    user, staff = await web.user(mine.company_id), await web.developer()
    await register(other.company_id, WHO)

    answers = [
        await web.post({"documentId": id_of(WHO)}, headers)
        for headers in ({}, user.headers, staff.headers)
    ]

    assert [code(answer) for answer in answers] == ["PERSISTED_QUERY_NOT_FOUND"] * 3


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"documentId": id_of(WHO), "query": SCHEMA}, id="text of another id"),
        pytest.param({**apollo(WHO), "query": SCHEMA}, id="text of another hash"),
        pytest.param({"documentId": "md5:0123"}, id="another algorithm"),
        pytest.param({"documentId": id_of(WHO).upper()}, id="upper case"),
        pytest.param({"documentId": id_of(WHO).removeprefix("sha256:")}, id="no prefix"),
        pytest.param({"documentId": ""}, id="nothing"),
        pytest.param({"documentId": 7}, id="a number"),
        pytest.param(apollo(WHO, version=2), id="Apollo's form of another version"),
        pytest.param({"extensions": {"persistedQuery": {"version": 1}}}, id="Apollo without hash"),
        pytest.param({"extensions": {"persistedQuery": 1}}, id="Apollo's form a number"),
    ],
)
async def test_an_id_that_cannot_be_meant_is_refused(web: Web, body: dict[str, Any]) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)
    await register(place.company_id, WHO)

    response = await web.post(body, user.headers)

    assert code(response) == "BAD_REQUEST"
    assert "data" not in response.json()


async def test_a_retired_document_is_refused_within_seconds(web: Web) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)
    document_id = await register(place.company_id, WHO)
    assert (await web.post({"documentId": id_of(WHO)}, user.headers)).json()["data"] == NAME

    await operations.retire(company_id=place.company_id, document_ids=[document_id], now=NOW)
    web.clock.move(FRESH_FOR)
    response = await web.post({"documentId": id_of(WHO)}, user.headers)

    assert timedelta(0) < FRESH_FOR < timedelta(seconds=5)
    assert code(response) == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_document_that_the_schema_has_outgrown_says_so(web: Web) -> None:
    text = "{ ghost }"
    place = await make_place(meters=0)
    user = await web.user(place.company_id)
    old = [Registration("Ghost", text, ["Ghost"], 0)]
    await operations.register(
        company_id=place.company_id, partner="console", documents=old, now=NOW
    )

    response = await web.post({"documentId": id_of(text)}, user.headers)

    assert code(response) == "GRAPHQL_VALIDATION_FAILED"

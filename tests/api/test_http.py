"""GraphQL over HTTP: methods, types and statuses."""

from typing import Any

import pytest

from tests.api.http_answers import WHO, code
from tests.api.web import Web
from tests.factories import make_place

GRAPHQL_TYPE = "application/graphql-response+json"
JSON_TYPE = "application/json"
TYPENAME = "{ __typename }"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        pytest.param(None, JSON_TYPE, id="nothing said"),
        pytest.param("*/*", JSON_TYPE, id="anything"),
        pytest.param(JSON_TYPE, JSON_TYPE, id="JSON"),
        pytest.param(GRAPHQL_TYPE, GRAPHQL_TYPE, id="the new type"),
        pytest.param(f"{GRAPHQL_TYPE}, {JSON_TYPE};q=0.9", GRAPHQL_TYPE, id="the new one rather"),
        pytest.param(f"{GRAPHQL_TYPE};q=0.1, {JSON_TYPE}", JSON_TYPE, id="JSON rather"),
    ],
)
async def test_the_answer_has_a_type_that_the_client_takes(
    web: Web, accept: str | None, media_type: str
) -> None:
    web.http.headers.pop("Accept")
    headers = {} if accept is None else {"Accept": accept}

    response = await web.post({"query": TYPENAME}, headers)

    assert response.status_code == 200
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert response.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize("accept", ["text/html", f"{JSON_TYPE};q=0"])
async def test_a_client_that_takes_neither_type_gets_406(web: Web, accept: str) -> None:
    response = await web.post({"query": TYPENAME}, {"Accept": accept})

    assert response.status_code == 406
    assert code(response.json()) == "BAD_REQUEST"


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
async def test_a_body_of_another_type_gets_415(web: Web, content_type: str) -> None:
    response = await web.http.post(
        "/graphql",
        content=b'{"query": "{ __typename }"}',
        headers={"Content-Type": content_type} if content_type else {},
    )

    assert response.status_code == 415
    assert code(response.json()) == "BAD_REQUEST"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_get_405(web: Web, method: str) -> None:
    response = await web.http.request(method, "/graphql", json={"query": TYPENAME})

    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}


async def test_a_query_may_come_by_get(web: Web) -> None:
    parameters = {
        "query": "query A($id: ID!) { node(id: $id) { id } } query B { __typename }",
        "operationName": "B",
        "variables": '{"id": "x"}',
    }

    response = await web.http.get("/graphql", params=parameters)

    assert response.status_code == 200
    assert response.json()["data"] == {"__typename": "Query"}


async def test_a_mutation_by_get_gets_405_and_changes_nothing(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    response = await web.http.get(
        "/graphql", params={"query": "mutation { signOut { signedOut } }"}, headers=user.headers
    )

    assert response.status_code == 405
    assert (await web.ask(WHO, user)).data == {"viewer": {"name": "Deniz"}}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="no JSON"),
        pytest.param(b'{"query": "\\ud800"}', id="half a character"),
        pytest.param(b"\xff", id="no UTF-8"),
        pytest.param(b'[{"query": "{ __typename }"}]', id="a batch"),
        pytest.param(b"{}", id="no query"),
        pytest.param(b'{"query": null}', id="query null"),
        pytest.param(b'{"query": 7}', id="query a number"),
        pytest.param(b'{"query": "{ __typename }", "variables": []}', id="variables a list"),
        pytest.param(b'{"query": "{ __typename }", "variables": "{}"}', id="variables a text"),
        pytest.param(b'{"query": "{ __typename }", "operationName": 1}', id="name a number"),
        pytest.param(b'{"query": "{ __typename }", "extensions": 1}', id="extensions a number"),
        pytest.param(b'{"query": "' + b"[" * 5_000 + b'"', id="cut off"),
        pytest.param(b'{"variables": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", id="nested JSON"),
    ],
)
async def test_a_body_that_is_no_request_gets_400(web: Web, body: bytes) -> None:
    for accept in (JSON_TYPE, GRAPHQL_TYPE):
        response = await web.http.post(
            "/graphql", content=body, headers={"Content-Type": JSON_TYPE, "Accept": accept}
        )

        assert response.status_code == 400
        assert code(response.json()) == "BAD_REQUEST"
        assert "data" not in response.json()


@pytest.mark.parametrize("name", ["variables", "operationName", "extensions"])
async def test_null_is_as_good_as_nothing(web: Web, name: str) -> None:
    response = await web.post({"query": TYPENAME, name: None})

    assert response.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param({"query": "{"}, "GRAPHQL_PARSE_FAILED", id="syntax"),
        pytest.param({"query": ""}, "GRAPHQL_PARSE_FAILED", id="empty"),
        pytest.param({"query": "{ ghost }"}, "GRAPHQL_VALIDATION_FAILED", id="validation"),
        pytest.param(
            {"query": "query A { __typename }", "operationName": "B"},
            "OPERATION_RESOLUTION_FAILURE",
            id="no such operation",
        ),
        pytest.param(
            {"query": "query A { __typename } query B { __typename }"},
            "OPERATION_RESOLUTION_FAILURE",
            id="which operation",
        ),
        pytest.param(
            {"query": "query ($id: ID!) { node(id: $id) { id } }"},
            "BAD_USER_INPUT",
            id="variables",
        ),
        pytest.param(
            {"query": "subscription { readingReceived { cursor } }"},
            "BAD_REQUEST",
            id="a subscription",
        ),
        pytest.param(
            {"query": "{ meters { nodes { mountings(first: 100) { nodes { id } } } } }"},
            "QUERY_TOO_COMPLEX",
            id="cost",
        ),
    ],
)
async def test_a_request_that_is_refused_as_a_whole_has_no_data(
    web: Web, body: dict[str, Any], expected: str
) -> None:
    new = await web.post(body, {"Accept": GRAPHQL_TYPE})
    old = await web.post(body, {"Accept": JSON_TYPE})

    assert (new.status_code, old.status_code) == (400, 200)
    assert code(new.json()) == code(old.json()) == expected
    assert "data" not in new.json()
    assert "data" not in old.json()


async def test_an_error_of_a_field_is_no_error_of_the_request(web: Web) -> None:
    response = await web.post({"query": WHO}, {"Accept": GRAPHQL_TYPE})

    assert response.status_code == 200
    assert response.json()["data"] == {"viewer": None}


async def test_head_reads_only(web: Web) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)
    sign_out = "mutation { signOut { signedOut } }"

    by_body = await web.http.request(
        "HEAD", "/graphql", json={"query": sign_out}, headers=user.headers
    )
    by_query = await web.http.head("/graphql", params={"query": sign_out}, headers=user.headers)

    assert (by_body.status_code, by_query.status_code) == (400, 405)
    assert (await web.ask(WHO, user)).data == {"viewer": {"name": "Deniz"}}

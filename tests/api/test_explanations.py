"""How much of itself the API explains: errors, its schema, and a page to try it with."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from db.enums import Role
from db.settings import Urls
from tests.api.http_answers import WHO, code
from tests.api.web import Web
from tests.api.web import web as running_web
from tests.factories import make_place


@pytest.fixture
async def production(database: Urls, redis_url: str) -> AsyncIterator[Web]:
    async with running_web(database, redis_url, production=True) as web:
        yield web


async def test_what_nobody_expected_is_told_by_its_id_alone(
    web: Web, database: Urls, caplog: pytest.LogCaptureFixture
) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    await as_owner(database, "revoke select on meter from wattledger_app")

    answer = await web.ask("{ meters { nodes { id } } accounts { totalCount } }", user)

    assert answer.errors == [("INTERNAL_SERVER_ERROR", ["meters"])]
    assert answer.body["data"] == {"meters": None, "accounts": {"totalCount": 1}}
    error = answer.body["errors"][0]
    assert error["message"] == "Something went wrong on our side."
    assert set(error["extensions"]) == {"code", "id"}
    logged = [record for record in caplog.records if record.message == "graphql.failed"]
    assert [vars(record)["error_id"] for record in logged] == [error["extensions"]["id"]]


async def test_what_fails_before_any_field_is_told_by_its_id_alone(
    web: Web, database: Urls
) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    await as_owner(database, "revoke select on session from wattledger_system")

    answer = await web.ask(WHO, user)

    assert answer.status == 500
    assert answer.codes == ["INTERNAL_SERVER_ERROR"]
    assert set(answer.body) == {"errors"}


async def as_owner(database: Urls, statement: str) -> None:
    connection = await asyncpg.connect(database.owner)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_production_does_not_explain_itself(production: Web) -> None:
    introspection = await production.ask("{ __schema { queryType { name } } }")
    misspelt = await production.ask("{ metres { totalCount } }")

    assert set(introspection.codes) == {"GRAPHQL_VALIDATION_FAILED"}
    assert misspelt.codes == ["GRAPHQL_VALIDATION_FAILED"]
    assert "Did you mean" not in misspelt.body["errors"][0]["message"]


async def test_elsewhere_the_schema_explains_itself(web: Web) -> None:
    introspection = await web.ask("{ __schema { queryType { name } } }")
    misspelt = await web.ask("{ metres { totalCount } }")

    assert introspection.data == {"__schema": {"queryType": {"name": "Query"}}}
    assert "Did you mean" in misspelt.body["errors"][0]["message"]


async def test_a_browser_gets_a_page_to_try_the_schema_with(web: Web) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

    page = await web.http.get("/graphql", headers={"Accept": browser})

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "isHeadersEditorEnabled: true" in page.text
    assert "subscriptionUrl" in page.text


@pytest.mark.parametrize("accept", ["text/html", "text/html, */*;q=0.8"])
async def test_production_has_no_such_page(production: Web, accept: str) -> None:
    page = await production.http.get("/graphql", headers={"Accept": accept})

    assert page.status_code in {400, 406}
    assert page.headers["content-type"] == "application/json; charset=utf-8"
    assert code(page.json()) == "BAD_REQUEST"


async def test_in_production_the_schema_explains_itself_to_those_with_the_right(
    production: Web,
) -> None:
    place = await make_place(meters=0)
    administrator = await production.user(place.company_id)
    operator = await production.user(place.company_id, Role.OPERATOR)
    introspection, misspelt = "{ __schema { queryType { name } } }", "{ metres { totalCount } }"

    allowed = await production.ask(introspection, administrator)
    refused = await production.ask(introspection, operator)
    told = await production.ask(misspelt, administrator)
    not_told = await production.ask(misspelt, operator)

    assert allowed.data == {"__schema": {"queryType": {"name": "Query"}}}
    assert set(refused.codes) == {"GRAPHQL_VALIDATION_FAILED"}
    assert "Did you mean" in told.body["errors"][0]["message"]
    assert "Did you mean" not in not_told.body["errors"][0]["message"]

"""Whatever anybody asks, of every role, is answered by the protocol, and no error is unforeseen."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest

from api.errors import Code
from db.enums import Role
from db.settings import Urls
from tests.api.web import Answer, User, Web
from tests.api.web import web as running_web
from tests.fuzz.documents import operations
from tests.walls.people import ROLES, with_role
from tests.walls.world import World, make_world

BUDGET = 10_000_000
EXPECTED = {code.value for code in Code} - {Code.INTERNAL_SERVER_ERROR.value}
KEYS = {"data", "errors", "extensions"}


@pytest.fixture
async def web(database: Urls, redis_url: str) -> AsyncIterator[Web]:
    async with running_web(database, redis_url, cost_budget=BUDGET) as web:
        yield web


@pytest.fixture
async def world(database: Urls, web: Web) -> AsyncIterator[World]:
    world = await make_world(database)
    yield world
    await world.rows.close()


def faults(answer: Answer) -> list[str]:
    """Return what in an answer the protocol does not allow, or nobody expected."""
    body, errors = answer.body, answer.body.get("errors", [])
    found = [f"status {answer.status}"] if answer.status not in {200, 400} else []
    found += sorted(set(body) - KEYS)
    if "data" not in body and not errors:
        found.append("neither data nor errors")
    for error in errors:
        if error.get("extensions", {}).get("code") not in EXPECTED:
            found.append(f"an error of no known code: {error}")
        if not isinstance(error.get("message"), str):
            found.append("an error without a message")
        if "data" in body and body["data"] is not None and not error.get("path"):
            found.append("an error of a field without its path")
    return found


@pytest.mark.parametrize("root", ["Query", "Mutation"])
async def test_every_operation_is_answered_by_the_protocol(
    web: Web, world: World, root: str, caplog: pytest.LogCaptureFixture
) -> None:
    # Staff of the platform may shut a company out: let it be the other one.
    ids = {**world.inside.ids, "Company": world.theirs.ids["Company"]}

    faulty: dict[str, object] = {}
    executed: Counter[tuple[Role, str]] = Counter()
    users: dict[tuple[Role, str], User] = {}
    for operation in operations(root, ids):
        for role in ROLES:
            # One for each field: some end their session, or may do no more after that.
            key = (role, operation.field.name)
            users[key] = users.get(key) or await with_role(web, role, world.inside)
            answer = await web.ask(operation.text, users[key])
            executed[key] += "data" in answer.body
            if found := faults(answer):
                faulty[operation.text] = (role.name, found)

    told = [record.exc_text for record in caplog.records if record.message == "graphql.failed"]
    assert faulty == {}, "\n".join(text for text in told if text)
    # A document that is refused as a whole tries nothing.
    assert {name for (role, name), count in executed.items() if not count} == set()

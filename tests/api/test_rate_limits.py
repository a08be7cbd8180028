"""Callers have budgets of cost, which hold for all processes and come back with time."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from api.engine import JUDGING_COST
from db.buckets import Buckets
from db.budgets import Budget
from db.settings import Urls
from tests.api.sockets import BUDGET, LiveApi
from tests.api.web import User, Web
from tests.api.web import web as running_web
from tests.factories import NOW, make_place
from tests.waiting import PATIENCE_S

GRAPHQL_TYPE = "application/graphql-response+json"
SIZE, PER_S = 1_000, 10
METERS = "{ meters(first: 99) { nodes { serial } } }"
COST = 100
LIMIT = "{ rateLimit { limit remaining restoreRate resetAt cost } }"


@pytest.fixture
async def narrow(database: Urls, redis_url: str) -> AsyncIterator[Web]:
    """Lend an API with small budgets."""
    settings: dict[str, Any] = {"cost_budget": SIZE, "cost_budget_per_s": PER_S}
    async with running_web(database, redis_url, **settings) as web:
        yield web


async def cost_of(web: Web, text: str, user: User | None) -> Any:
    answer = await web.ask(text, user)
    return answer.body["extensions"]["cost"]


async def use_up(web: Web, user: User) -> None:
    """Ask until nothing is left: what finds no meters keeps a tenth of its cost."""
    for _ in range(SIZE):
        if "RATE_LIMITED" in (await web.ask(METERS, user)).codes:
            return
    raise AssertionError("the budget never ends")


async def test_what_is_not_used_comes_back(narrow: Web) -> None:
    place = await make_place(meters=30)
    user = await narrow.user(place.company_id)

    first = await cost_of(narrow, METERS, user)
    second = await cost_of(narrow, METERS, user)

    throttle = {"maximum": SIZE, "restoreRate": PER_S}
    # 30 meters and their connection; the text was new.
    assert first == {
        "requested": COST,
        "actual": 31,
        "throttle": {**throttle, "available": SIZE - JUDGING_COST - 31},
    }
    assert second["throttle"] == {**throttle, "available": SIZE - JUDGING_COST - 62}


async def test_what_finds_nothing_still_costs_a_tenth(narrow: Web) -> None:
    place = await make_place(meters=0)
    user = await narrow.user(place.company_id)

    cost = await cost_of(narrow, METERS, user)

    assert (cost["requested"], cost["actual"]) == (COST, 10)


async def test_beyond_the_budget_nothing_is_run_until_it_has_come_back(narrow: Web) -> None:
    place = await make_place(meters=0)
    user = await narrow.user(place.company_id)
    await use_up(narrow, user)

    new = await narrow.post({"query": METERS}, {**user.headers, "Accept": GRAPHQL_TYPE})
    old = await narrow.post({"query": METERS}, user.headers)
    wait_s = int(new.headers["retry-after"])
    narrow.clock.move(timedelta(seconds=wait_s - 1))
    early = await narrow.ask(METERS, user)
    narrow.clock.move(timedelta(seconds=1))
    later = await narrow.ask(METERS, user)

    assert (new.status_code, old.status_code) == (429, 200)
    for response in (new, old):
        (error,) = response.json()["errors"]
        assert error["extensions"] == {"code": "RATE_LIMITED", "retryAfter": wait_s}
        assert response.headers["retry-after"] == str(wait_s)
        assert "data" not in response.json()
    assert early.codes == ["RATE_LIMITED"]
    assert later.data == {"meters": {"nodes": []}}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{ no such thing", id="no document"),
        pytest.param("{ noSuchThing }", id="of no field"),
        pytest.param("{ viewer { name } }", id="valid"),
    ],
)
async def test_a_new_text_costs_something_even_if_it_is_refused(narrow: Web, text: str) -> None:
    place = await make_place(meters=0)
    user = await narrow.user(place.company_id)

    answers = [await narrow.ask(f"{text} # {number}", user) for number in range(101)]

    codes = [answer.codes for answer in answers]
    assert ["RATE_LIMITED"] not in codes[: SIZE // (2 * JUDGING_COST)]
    assert codes[-1] == ["RATE_LIMITED"]


async def test_another_user_has_a_budget_of_its_own(narrow: Web) -> None:
    place = await make_place(meters=0)
    greedy, other = await narrow.user(place.company_id), await narrow.user(place.company_id)
    await use_up(narrow, greedy)

    answer = await narrow.ask(METERS, other)

    assert answer.data == {"meters": {"nodes": []}}


async def test_processes_share_the_budget(narrow: Web, database: Urls, redis_url: str) -> None:
    place = await make_place(meters=0)
    user = await narrow.user(place.company_id)
    for _ in range(5):
        await narrow.ask(METERS, user)

    name = urlsplit(database.app).path.strip("/")
    async with Buckets(redis_url, name, timeout_s=PATIENCE_S) as elsewhere:
        budget = Budget(SIZE, PER_S)
        drawn = await elsewhere.draw(f"cost:user:{user.id}", 0, budget, now=NOW)

    # The last one's difference goes back with the next.
    assert drawn.left == SIZE - JUDGING_COST - 4 * 10 - COST


async def test_without_redis_the_budget_holds_in_each_process(database: Urls) -> None:
    settings: dict[str, Any] = {"cost_budget": SIZE, "cost_budget_per_s": PER_S}
    async with running_web(database, "redis://127.0.0.1:1/0", **settings) as web:
        place = await make_place(meters=0)
        user = await web.user(place.company_id)

        await use_up(web, user)

        assert (await web.ask(METERS, user)).codes == ["RATE_LIMITED"]


async def test_those_who_are_not_signed_in_share_the_budget_of_their_address(narrow: Web) -> None:
    schema = "{ __schema { queryType { name } } }"
    answers = [await narrow.ask(schema) for _ in range(100)]

    codes = [answer.codes for answer in answers]
    assert codes[0] == []
    assert codes[-1] == ["RATE_LIMITED"]


async def test_the_budget_can_be_asked_for(narrow: Web) -> None:
    place = await make_place(meters=0)
    user = await narrow.user(place.company_id)

    answer = await narrow.ask(LIMIT, user)
    anonymous = await narrow.ask(LIMIT)

    assert answer.data["rateLimit"] == {
        "limit": SIZE,
        "remaining": SIZE - JUDGING_COST - 1,
        "restoreRate": float(PER_S),
        "resetAt": (NOW + timedelta(seconds=1.1)).isoformat(),
        "cost": 1,
    }
    assert anonymous.errors == [("UNAUTHENTICATED", ["rateLimit"])]


async def test_a_socket_draws_from_the_same_budget(api: LiveApi) -> None:
    place = await make_place(meters=0)
    user = await api.sign_in(place.company_id)
    auth, limits = api.equipment.auth, api.equipment.limits
    caller = await auth.caller(authorization=user.authorization, company=None, address="")
    await limits.draw(BUDGET.size, caller, address="", now=NOW)

    async with api.socket(user) as socket:
        await socket.subscribe("1", METERS)
        query = await socket.receive()
        await socket.subscribe("2", "subscription { readingReceived { cursor } }")
        subscription = await socket.receive()

    for message in (query, subscription):
        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == "RATE_LIMITED"

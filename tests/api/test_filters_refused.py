"""What no filter may say: too much, nonsense, and what is hidden from who asks."""

import time
from typing import Any

import pytest

from api.caller import Caller
from api.conditions import COMPARISONS_MAX, TEXT_CHARACTERS_MAX, VALUES_MAX, condition_of
from api.errors import Forbidden
from api.global_ids import encode
from db import access
from db.enums import Role
from db.ids import CompanyId, SessionId, UserId
from domain.accounts.queries import ACCOUNTS as ACCOUNTS_LIST
from domain.filters import EVERYTHING
from domain.hierarchy.queries import COLLECTORS, RF_MODULES
from domain.hierarchy.queries import METERS as METERS_LIST
from domain.identity.roles import scopes_of
from domain.listing import Listing
from tests.api.filtering import METERS, Where, found
from tests.api.web import Web
from tests.factories import NOW, make_place

NESTED: dict[str, Any] = {"not": {"not": {"not": {"not": {"not": {}}}}}}


MANY = [{"serial": {"eq": "x"}}] * COMPARISONS_MAX


@pytest.mark.parametrize(
    ("where", "argument"),
    [
        pytest.param(
            {"serial": {"in": ["x"] * (VALUES_MAX + 1)}}, "where.serial.in", id="too many values"
        ),
        pytest.param(NESTED, "where", id="too deep"),
        pytest.param({"or": MANY, "make": {"eq": "x"}}, "where", id="too many comparisons"),
        pytest.param(
            {"make": {"contains": "x" * (TEXT_CHARACTERS_MAX + 1)}},
            "where.make.contains",
            id="too long",
        ),
        pytest.param({"make": {"eq": "a\0b"}}, "where.make.eq", id="a zero character"),
        pytest.param({"make": None}, "where.make", id="null for a comparison"),
        pytest.param({"make": {"eq": None}}, "where.make.eq", id="null for a value"),
        pytest.param({"and": None}, "where.and", id="null for conditions"),
        pytest.param(
            {"fieldId": {"eq": encode("Branch", 1)}}, "where.fieldId.eq", id="another type's id"
        ),
        pytest.param({"not": {"fieldId": {"in": ["x"]}}}, "where.not.fieldId.in", id="no id"),
    ],
)
async def test_a_filter_that_says_too_much_or_nonsense_is_refused(
    web: Web, where: Where, argument: str
) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    answer = await web.ask(METERS, user, where=where)

    assert answer.body["data"] == {"meters": None}
    assert answer.errors == [("BAD_USER_INPUT", ["meters"])]
    assert answer.body["errors"][0]["extensions"]["argument"] == argument


async def test_a_filter_may_be_as_large_as_its_limits(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    serials = [place.supplies[0].serial, *(["x"] * (VALUES_MAX - 1))]

    assert await found(web, user, place, {"serial": {"in": serials}}) == [0]
    assert await found(web, user, place, {"or": MANY}) == []
    assert await found(web, user, place, NESTED["not"]) == [0]
    assert await found(web, user, place, {"make": {"contains": "x" * TEXT_CHARACTERS_MAX}}) == []


@pytest.mark.parametrize(
    ("listed", "where"),
    [
        pytest.param("accounts", 'balance: {gt: "0"}', id="a balance"),
        pytest.param("accounts", "segment: {eq: CREDIT}", id="a segment"),
        pytest.param("accounts", "not: {or: [{balance: {}}]}", id="deep inside"),
        pytest.param("meters", "segment: {eq: CREDIT}", id="a meter's segment"),
        pytest.param("meters", 'balance: {lt: "0"}', id="a meter's balance"),
    ],
)
async def test_what_one_must_not_see_one_must_not_filter_by(
    web: Web, listed: str, where: str
) -> None:
    place = await make_place()
    developer = (await web.developer()).acting_in(encode("Company", place.company_id))

    answer = await web.ask(f"{{ {listed}(where: {{{where}}}) {{ totalCount }} }}", developer)

    assert answer.body["data"] == {listed: None}
    assert answer.errors == [("FORBIDDEN", [listed])]


@pytest.mark.parametrize(
    ("rows", "role", "where"),
    [
        pytest.param(COLLECTORS, Role.PARTNER, {"ipv4": {"eq": "10.0.0.1"}}, id="an address"),
        pytest.param(COLLECTORS, Role.PARTNER, {"port": {"gt": 1}}, id="a port"),
        pytest.param(RF_MODULES, Role.PARTNER, {"radioAddress": {"isNull": True}}, id="a radio"),
        pytest.param(ACCOUNTS_LIST, Role.PARTNER, {"subscriberId": {"in": []}}, id="who pays"),
        pytest.param(METERS_LIST, Role.SUBSCRIBER, {"fieldId": {"in": []}}, id="where it is"),
    ],
)
def test_each_role_filters_only_by_what_it_sees(rows: Listing, role: Role, where: Where) -> None:
    administrator = caller_of(Role.ADMINISTRATOR)

    with pytest.raises(Forbidden):
        condition_of(rows, where, caller_of(role))
    assert condition_of(rows, where, administrator) != EVERYTHING


def caller_of(role: Role) -> Caller:
    return Caller(
        user_id=UserId(1),
        session_id=SessionId(1),
        name="Deniz",
        company_id=CompanyId(1),
        role=role,
        scopes=scopes_of(role),
        locale="en",
        time_zone="UTC",
        expires_at=NOW,
    )


async def test_a_filter_tells_nobody_of_objects_behind_the_wall(web: Web) -> None:
    """Whoever sees a meter but not the account that pays for it must not find out by filters."""
    place = await make_place()
    elsewhere = await make_place()
    supply = place.supplies[0]
    async with access.system() as connection:
        field_id = await connection.fetchval(
            "insert into field (company_id, branch_id, name) values ($1, $2, 'Other') returning id",
            place.company_id,
            place.branch_id,
        )
        # The premises stand in another field than the meter's modem.
        await connection.execute(
            "update premises set field_id = $1 where id = $2", field_id, supply.premises_id
        )
    user = await web.user(place.company_id, field_id=place.field_id)
    hidden = encode("Account", supply.account_id or 0)
    theirs = encode("Account", elsewhere.supplies[0].account_id or 0)

    for account_id in (hidden, theirs):
        assert await found(web, user, place, {"accountId": {"eq": account_id}}) == []
    assert await found(web, user, place, {"accountId": {"isNull": False}}) == []
    assert await found(web, user, place, {"segment": {"eq": "WARNING_LIMIT"}}) == []
    assert await found(web, user, place, {"not": {"premisesId": {"in": []}}}) == [0]


CPU_S_MAX = 0.25


@pytest.mark.parametrize(
    "where",
    [
        pytest.param({"or": [{}] * 80_000}, id="a flood"),
        pytest.param({"serial": {"in": ["x"] * 50_000}}, id="a flood of values"),
    ],
)
async def test_a_flood_of_conditions_is_refused_before_it_is_read(web: Web, where: Where) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    await web.ask(METERS, user)

    before = time.process_time()
    answer = await web.ask(METERS, user, where=where)
    spent_s = time.process_time() - before

    assert answer.codes == ["QUERY_TOO_COMPLEX"]
    assert spent_s < CPU_S_MAX


@pytest.mark.parametrize("levels", [30, 300, 3_000])
async def test_a_deep_variable_is_refused(web: Web, levels: int) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    body = '{"query": "query ($where: MeterWhereInput) { meters(where: $where) { totalCount } }",'
    deep = '{"not":' * levels + "{}" + "}" * levels

    response = await web.http.post(
        "/graphql",
        content=f'{body} "variables": {{"where": {deep}}}}}',
        headers={"Content-Type": "application/json", **user.headers},
    )

    code = response.json()["errors"][0]["extensions"]["code"]
    assert code in ("QUERY_TOO_COMPLEX", "BAD_REQUEST")


@pytest.mark.parametrize("levels", [30, 150, 400, 2_000])
async def test_a_deep_literal_is_refused(web: Web, levels: int) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    deep = "{not:" * levels + "{}" + "}" * levels

    answer = await web.ask(f"{{ meters(where: {deep}) {{ totalCount }} }}", user)

    assert answer.codes in (["QUERY_TOO_COMPLEX"], ["BAD_USER_INPUT"])

"""Daily entries as auditors read them."""

import pytest

from api.global_ids import encode
from api.schema.audit import MASK, SCOPES_OF_PARTS, shown
from api.schema.node import NODES
from db import access
from db.acting import Actor, acting
from db.enums import ActorKind, Role, Scope
from db.ids import UserId
from tests.api.web import User, Web
from tests.factories import Place, make_place

ENTRIES = """
{ dailyEntries(last: 20) { nodes {
    kind objectType objectId actorKind userId role address changes { field before after }
} } }
"""
SINCE = 'role: {eq: "OPERATOR"}, recordedAt: {gt: "2026-01-01T00:00:00Z"}'


@pytest.fixture
async def place(web: Web) -> Place:
    return await make_place(meters=0)


async def change_address(place: Place) -> None:
    async with access.tenant(place.company_id) as connection:
        await connection.execute(
            "update collector set ipv4 = '192.0.2.7', make = 'REACH', version = version + 1"
            " where company_id = $1",
            place.company_id,
        )


async def newest(web: Web, user: User, object_type: str) -> dict[str, object]:
    answer = await web.ask(ENTRIES, user)
    nodes: list[dict[str, object]] = answer.data["dailyEntries"]["nodes"]
    return [node for node in nodes if node["objectType"] == object_type][-1]


async def test_an_entry_says_who_did_what(web: Web, place: Place) -> None:
    auditor = await web.user(place.company_id)
    with acting(Actor(kind=ActorKind.USER, user_id=UserId(7), role="OPERATOR", address="::1")):
        await change_address(place)

    entry = await newest(web, auditor, "Collector")

    assert (entry["kind"], entry["actorKind"]) == ("UPDATED", "USER")
    assert (entry["role"], entry["address"]) == ("OPERATOR", "::1")
    assert entry["changes"] == [
        {"field": "ipv4", "before": None, "after": "192.0.2.7"},
        {"field": "make", "before": None, "after": "REACH"},
    ]


@pytest.mark.parametrize(
    ("object_type", "column", "scope"),
    [
        ("Collector", "ipv4", Scope.NETWORK_READ),
        ("Collector", "make", Scope.COMPANY_READ),
        ("Meter", "serial", Scope.METERS_READ),
        ("Account", "warning_limit_micro", Scope.BALANCES_READ),
        ("Account", "subscriber_id", Scope.SUBSCRIBERS_READ),
        ("AccountPoint", "opening_index_wh", Scope.ACCOUNTS_READ),
        ("Membership", "role", Scope.USERS_READ),
        ("OidcProvider", "client_id", Scope.USERS_READ),
    ],
)
def test_a_value_is_shown_to_those_who_see_it_elsewhere(
    object_type: str, column: str, scope: Scope
) -> None:
    assert shown(object_type, column, "x", frozenset(Scope)) == "x"
    assert shown(object_type, column, "x", frozenset(Scope) - {scope}) == MASK
    assert shown(object_type, column, None, frozenset()) is None


async def test_it_is_known_of_every_recorded_object_who_may_see_it(web: Web) -> None:
    async with access.system() as connection:
        rows = await connection.fetch(
            "select distinct split_part(encode(tgargs, 'escape'), '\\000', 1) as object_type"
            " from pg_trigger where tgname = 'record_added'"
        )

    recorded = {row["object_type"] for row in rows}

    assert {"Account", "Membership"} <= recorded
    assert recorded - NODES.keys() == SCOPES_OF_PARTS.keys()


async def test_secrets_are_masked_for_everybody(web: Web, place: Place) -> None:
    administrator = await web.user(place.company_id)

    entry = await newest(web, administrator, "CollectorIdentity")

    changes = entry["changes"]
    assert isinstance(changes, list)
    assert {"field": "token_hash", "before": None, "after": "*"} in changes


@pytest.mark.parametrize("role", [Role.OPERATOR])
async def test_only_some_see_them(web: Web, place: Place, role: Role) -> None:
    user = await web.user(place.company_id, role)

    answer = await web.ask(ENTRIES, user)

    assert answer.errors == [("FORBIDDEN", ["dailyEntries"])]


async def test_another_companys_entries_are_never_seen(web: Web, place: Place) -> None:
    other = await make_place(meters=0)
    auditor = await web.user(other.company_id)
    await change_address(place)

    answer = await web.ask(ENTRIES, auditor)

    kinds = [node["kind"] for node in answer.data["dailyEntries"]["nodes"]]
    assert "UPDATED" not in kinds


async def test_who_is_confined_to_a_branch_sees_none(web: Web, place: Place) -> None:
    confined = await web.user(place.company_id, branch_id=place.branch_id)

    answer = await web.ask(ENTRIES, confined)

    assert answer.data["dailyEntries"]["nodes"] == []


@pytest.mark.parametrize(
    ("where", "found"),
    [
        pytest.param("kind: {eq: UPDATED}, actorKind: {eq: USER}", 1, id="what was done"),
        pytest.param("kind: {eq: DELETED}", 0, id="what was not done"),
        pytest.param('userId: {eq: "VXNlcjo3"}', 1, id="whose it is"),
        pytest.param('userId: {in: ["VXNlcjo4", "VXNlcjo3"]}', 1, id="one of two people"),
        pytest.param("userId: {in: []}", 0, id="nobody's"),
        pytest.param('apiKeyId: {eq: "VXNlcjo3"}', 0, id="a person is no key"),
        pytest.param(SINCE, 1, id="since"),
        pytest.param('recordedAt: {lt: "2020-01-01T00:00:00Z"}', 0, id="before"),
    ],
)
async def test_entries_are_found_by_who_and_what_and_when(
    web: Web, place: Place, where: str, found: int
) -> None:
    auditor = await web.user(place.company_id)
    with acting(Actor(kind=ActorKind.USER, user_id=UserId(7), role="OPERATOR", address="::1")):
        await change_address(place)

    answer = await web.ask(f"{{ dailyEntries(where: {{{where}}}) {{ totalCount }} }}", auditor)

    assert answer.data["dailyEntries"]["totalCount"] == found


async def test_entries_are_found_by_their_object(web: Web, place: Place) -> None:
    auditor = await web.user(place.company_id)
    await change_address(place)
    text = """
        query ($id: ID!) { dailyEntries(where: {objectId: {eq: $id}}) {
            nodes { kind objectId }
        } }
    """
    collector, field = encode("Collector", place.collector_id), encode("Field", place.collector_id)

    own = await web.ask(text, auditor, id=collector)
    other = await web.ask(text, auditor, id=field)
    nonsense = await web.ask(text, auditor, id="nonsense")

    nodes = own.data["dailyEntries"]["nodes"]
    assert [node["kind"] for node in nodes] == ["ADDED", "UPDATED"]
    assert {node["objectId"] for node in nodes} == {collector}
    assert other.data["dailyEntries"]["nodes"] == []
    assert nonsense.errors == [("BAD_USER_INPUT", ["dailyEntries"])]


async def test_that_staff_of_the_platform_chose_a_company_is_on_record_once(
    web: Web, place: Place
) -> None:
    administrator = await web.user(place.company_id)
    staff = (await web.developer()).acting_in(encode("Company", place.company_id))

    await web.ask("{ viewer { name } }", staff)
    await web.ask("{ viewer { name } }", staff)

    answer = await web.ask(ENTRIES, administrator)
    choices = [
        (node["objectType"], node["userId"], node["role"])
        for node in answer.data["dailyEntries"]["nodes"]
        if node["kind"] == "READ"
    ]
    assert choices == [("Company", encode("User", staff.id), "DEVELOPER")]

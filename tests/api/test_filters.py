"""`where`: each comparison, what is refused, and that a filter tells nobody what is hidden."""

import time
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from api.caller import Caller
from api.conditions import COMPARISONS_MAX, TEXT_CHARACTERS_MAX, VALUES_MAX, condition_of
from api.errors import Forbidden
from api.global_ids import encode
from db import access
from db.enums import BillingMode, Role, Segment
from db.ids import CompanyId, SessionId, UserId
from domain.accounts.queries import ACCOUNTS as ACCOUNTS_LIST
from domain.filters import EVERYTHING
from domain.hierarchy.queries import COLLECTORS, RF_MODULES
from domain.hierarchy.queries import METERS as METERS_LIST
from domain.identity.roles import scopes_of
from domain.ledger import operations as ledger
from domain.listing import Listing
from tests.api.web import User, Web
from tests.factories import NOW, Place, add_supply, make_place, open_account

METERS = """
    query ($where: MeterWhereInput) { meters(where: $where) { nodes { serial } totalCount } }
"""
ACCOUNTS = """
    query ($where: AccountWhereInput) { accounts(where: $where) { nodes { id } totalCount } }
"""
Where = Mapping[str, Any]


async def change_meter(place: Place, number: int, **columns: object) -> None:
    names = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, start=3))
    async with access.system() as connection:
        await connection.execute(
            f"update meter set {names} where company_id = $1 and id = $2",
            place.company_id,
            place.supplies[number].meter_id,
            *columns.values(),
        )


async def five_meters() -> Place:
    """Make meters that differ: 0 to 4, of which the last two were never confirmed."""
    place = await make_place(meters=5)
    makes = ["KLM", "MSY", None, "Işık_1", "50%"]
    for number, make in enumerate(makes):
        await change_meter(place, number, make=make, register_digits=4 + number)
        await change_meter(place, number, supply=["ON", "OFF", "UNKNOWN"][number % 3])
        if number < 3:
            at = NOW + timedelta(hours=number)
            await change_meter(place, number, supply_confirmed_at=at)
    await change_meter(place, 4, active=False)
    return place


async def found(web: Web, user: User, place: Place, where: Where) -> list[int]:
    """Return the numbers of the place's meters that are found, and check their count."""
    meters = (await web.ask(METERS, user, where=where)).data["meters"]
    serials = [supply.serial for supply in place.supplies]
    assert meters["totalCount"] == len(meters["nodes"])
    return [serials.index(node["serial"]) for node in meters["nodes"]]


HOUR_1 = (NOW + timedelta(hours=1)).isoformat()
COMPARISONS: list[Any] = [
    pytest.param({}, [0, 1, 2, 3, 4], id="nothing is asked"),
    pytest.param({"make": {}}, [0, 1, 2, 3, 4], id="nothing is asked of it"),
    pytest.param({"make": {"eq": "KLM"}}, [0], id="text eq"),
    pytest.param({"make": {"eq": "klm"}}, [], id="text eq minds the case"),
    pytest.param({"make": {"in": ["MSY", "KLM", "no"]}}, [0, 1], id="text in"),
    pytest.param({"make": {"in": []}}, [], id="in nothing"),
    pytest.param({"make": {"gt": "KLM"}}, [1], id="text gt"),
    pytest.param({"make": {"gte": "KLM", "lt": "MSY"}}, [0], id="two at once"),
    pytest.param({"make": {"lte": "KLM"}}, [0, 3, 4], id="text lte"),
    pytest.param({"make": {"isNull": True}}, [2], id="null"),
    pytest.param({"make": {"isNull": False}}, [0, 1, 3, 4], id="not null"),
    pytest.param({"make": {"contains": "l"}}, [0], id="contains minds no case"),
    pytest.param({"make": {"contains": "ISIK"}}, [3], id="contains knows Turkish letters"),
    pytest.param({"make": {"contains": "%"}}, [4], id="a percent sign is one"),
    pytest.param({"make": {"contains": "_"}}, [3], id="an underscore is one"),
    pytest.param({"make": {"contains": "\\"}}, [], id="a backslash is one"),
    pytest.param({"registerDigits": {"eq": 6}}, [2], id="number eq"),
    pytest.param({"registerDigits": {"in": [4, 8]}}, [0, 4], id="number in"),
    pytest.param({"registerDigits": {"gt": 6}}, [3, 4], id="number gt"),
    pytest.param({"registerDigits": {"gte": 6}}, [2, 3, 4], id="number gte"),
    pytest.param({"registerDigits": {"lt": 6}}, [0, 1], id="number lt"),
    pytest.param({"registerDigits": {"lte": 6}}, [0, 1, 2], id="number lte"),
    pytest.param({"active": {"eq": False}}, [4], id="flag eq"),
    pytest.param({"active": {"isNull": True}}, [], id="flag null"),
    pytest.param({"supply": {"eq": "OFF"}}, [1, 4], id="word eq"),
    pytest.param({"supply": {"in": ["ON", "UNKNOWN"]}}, [0, 2, 3], id="word in"),
    pytest.param({"supplyConfirmedAt": {"eq": HOUR_1}}, [1], id="instant eq"),
    pytest.param({"supplyConfirmedAt": {"in": [HOUR_1]}}, [1], id="instant in"),
    pytest.param({"supplyConfirmedAt": {"gt": HOUR_1}}, [2], id="instant gt"),
    pytest.param({"supplyConfirmedAt": {"lte": HOUR_1}}, [0, 1], id="instant lte"),
    pytest.param({"supplyConfirmedAt": {"isNull": True}}, [3, 4], id="instant null"),
    pytest.param({"and": [{"supply": {"eq": "OFF"}}, {"active": {"eq": True}}]}, [1], id="and"),
    pytest.param({"and": []}, [0, 1, 2, 3, 4], id="and of none"),
    pytest.param({"or": [{"make": {"eq": "KLM"}}, {"make": {"eq": "MSY"}}]}, [0, 1], id="or"),
    pytest.param({"or": []}, [], id="or of none"),
    pytest.param({"not": {"make": {"eq": "KLM"}}}, [1, 2, 3, 4], id="not, and null is not either"),
    pytest.param({"not": {"not": {"make": {"eq": "KLM"}}}}, [0], id="not not"),
    pytest.param(
        {"active": {"eq": True}, "not": {"supply": {"eq": "ON"}}}, [1, 2], id="side by side"
    ),
    pytest.param(
        {"and": [{"or": [{"and": [{"not": {"make": {"eq": "KLM"}}}]}]}]},
        [1, 2, 3, 4],
        id="four deep",
    ),
]


@pytest.fixture(name="five")
async def five_of(web: Web) -> tuple[Place, User]:
    place = await five_meters()
    return place, await web.user(place.company_id)


async def test_each_comparison_finds_what_it_says(web: Web, five: tuple[Place, User]) -> None:
    place, user = five
    wrong = {
        case.id: (await found(web, user, place, case.values[0]), case.values[1])
        for case in COMPARISONS
    }

    assert {name: got for name, (got, expected) in wrong.items() if got != expected} == {}


async def test_contains_finds_parts_of_what_is_indexed(web: Web) -> None:
    place = await make_place(meters=3)
    user = await web.user(place.company_id)
    for number, serial in enumerate(["KLM-Iğdır-1", "KLM_2", "%_\\X"]):
        place.supplies[number] = replaced(place, number, serial)
        await change_meter(place, number, serial=serial)

    parts = {
        part: await found(web, user, place, {"serial": {"contains": part}})
        for part in ["IGDIR", "ığd", "klm", "M_2", "_\\x", "%_\\", "%%%", "___", "zzz", "\\\\\\"]
    }

    assert parts == {
        "IGDIR": [0],
        "ığd": [0],
        "klm": [0, 1],
        "M_2": [1],
        "_\\x": [2],
        "%_\\": [2],
        "%%%": [],
        "___": [],
        "zzz": [],
        "\\\\\\": [],
    }


def replaced(place: Place, number: int, serial: str) -> Any:
    supply = place.supplies[number]
    return type(supply)(
        supply.meter_id, serial, supply.premises_id, supply.point_id, supply.account_id
    )


async def test_meters_are_found_by_what_they_belong_to(web: Web) -> None:
    place = await make_place(meters=2)
    await add_supply(place, with_account=False)
    other = await make_place()
    user = await web.user(place.company_id)
    second = place.supplies[1]
    all_of_them = [0, 1, 2]
    cases: list[tuple[Where, list[int]]] = [
        ({"rfModuleId": {"eq": encode("RfModule", place.rf_module_id)}}, all_of_them),
        ({"collectorId": {"eq": encode("Collector", place.collector_id)}}, all_of_them),
        ({"fieldId": {"in": [encode("Field", place.field_id)]}}, all_of_them),
        ({"branchId": {"eq": encode("Branch", place.branch_id)}}, all_of_them),
        ({"fieldId": {"eq": encode("Field", 1)}}, []),
        ({"fieldId": {"eq": encode("Field", other.field_id)}}, []),
        ({"premisesId": {"eq": encode("Premises", second.premises_id)}}, [1]),
        ({"meteringPointId": {"eq": encode("MeteringPoint", second.point_id)}}, [1]),
        ({"accountId": {"eq": encode("Account", second.account_id or 0)}}, [1]),
        ({"accountId": {"isNull": True}}, [2]),
        ({"accountId": {"isNull": False}}, [0, 1]),
        ({"subscriberId": {"eq": encode("Subscriber", place.subscriber_id)}}, [0, 1]),
        ({"not": {"accountId": {"eq": encode("Account", second.account_id or 0)}}}, [0, 2]),
    ]

    wrong = [
        (where, got)
        for where, expected in cases
        if (got := await found(web, user, place, where)) != expected
    ]

    assert wrong == []


async def test_children_are_filtered_and_counted_as_lists_are(web: Web) -> None:
    place = await five_meters()
    user = await web.user(place.company_id)
    text = """
        query ($where: MeterWhereInput) { rfModules(first: 2) { nodes { meters(where: $where) {
            nodes { serial } totalCount
        } } } }
    """

    answer = await web.ask(text, user, where={"supply": {"eq": "OFF"}})

    meters = answer.data["rfModules"]["nodes"][0]["meters"]
    assert [node["serial"] for node in meters["nodes"]] == [
        place.supplies[1].serial,
        place.supplies[4].serial,
    ]
    assert meters["totalCount"] == 2


async def four_accounts() -> Place:
    """Make an account in each segment, in the order of `Segment`."""
    place = await make_place(meters=4)
    await change_meter(place, 0, supply="OFF")
    await change_meter(place, 1, supply="ON")
    async with access.system() as connection:
        await connection.execute(
            "update account set billing_mode = $2 where id = $1",
            place.supplies[1].account_id,
            BillingMode.POSTPAID,
        )
    account_id = place.supplies[3].account_id
    assert account_id is not None
    await ledger.credit_cash(
        company_id=place.company_id,
        account_id=account_id,
        amount=Decimal("12.5"),
        idempotency_key="first",
        occurred_at=NOW,
    )
    return place


async def test_a_segment_is_found_where_it_is_shown(web: Web) -> None:
    place = await four_accounts()
    # One that pays for a meter that is on as well as one that is off, and one without a meter.
    mixed = await add_supply(place, with_account=False)
    off = await add_supply(place, with_account=False, premises_id=mixed.premises_id)
    place.supplies += [mixed, off]
    await change_meter(place, 5, supply="OFF")
    await open_account(place, {mixed.point_id: 0, off.point_id: 0}, mixed.premises_id)
    bare = await add_supply(place, with_account=False, mounted=False)
    await open_account(place, {bare.point_id: 0}, bare.premises_id)
    user = await web.user(place.company_id)
    shown = (await web.ask("{ accounts { nodes { id segment } } }", user)).data["accounts"]

    for segment in Segment:
        where = {"segment": {"eq": segment.value}}
        listed = (await web.ask(ACCOUNTS, user, where=where)).data["accounts"]
        expected = [one["id"] for one in shown["nodes"] if one["segment"] == segment.value]
        assert [one["id"] for one in listed["nodes"]] == expected, segment
        assert expected, segment
    meters = await found(web, user, place, {"segment": {"eq": "NO_ENERGY"}})
    assert meters == [0]


async def test_a_balance_is_compared_exactly(web: Web) -> None:
    place = await four_accounts()
    user = await web.user(place.company_id)

    counts = {
        (operator, amount): (
            await web.ask(ACCOUNTS, user, where={"balance": {operator: amount}})
        ).data["accounts"]["totalCount"]
        for operator, amount in [
            ("eq", "12.5"),
            ("eq", "12.500001"),
            ("gt", "12.499999"),
            ("lte", "0"),
            ("lt", "-0.000001"),
        ]
    }

    assert list(counts.values()) == [1, 0, 1, 3, 0]


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

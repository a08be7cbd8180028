"""`where`: what each comparison finds."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from api.global_ids import encode
from db import access
from db.enums import BillingMode, Segment
from domain.ledger import operations as ledger
from tests.api.filtering import Where, found
from tests.api.web import User, Web
from tests.factories import NOW, Place, account_of, add_supply, make_place, open_account

ACCOUNTS = """
    query ($where: AccountWhereInput) { accounts(where: $where) { nodes { id } totalCount } }
"""


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
    account_id = account_of(place, 3)
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


async def test_an_amount_beyond_all_is_told_what_is_too_much(web: Web) -> None:
    user = await web.user((await make_place(meters=0)).company_id)

    answer = await web.ask(ACCOUNTS, user, where={"balance": {"lt": "9223372036854.775808"}})

    assert answer.codes == ["BAD_USER_INPUT"]
    assert "at most 9,223,372,036,854" in answer.body["errors"][0]["message"]

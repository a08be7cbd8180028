"""What is given to create or change a company, field or device is kept and shown, all of it."""

from collections.abc import Mapping
from typing import Any

import pytest
from graphql import GraphQLInputObjectType

from api.global_ids import encode
from tests.api.devices import Kind, own, parent_of
from tests.api.web import User, Web
from tests.factories import Place, account_of, add_supply
from tests.walls.requests import SCHEMA

SPOT = {"type": "Point", "coordinates": [28.5, 40.5]}
SHAPE = {"type": "Polygon", "coordinates": [[[28, 40], [29, 40], [29, 41], [28, 40]]]}
FIELD = Kind(
    "Field",
    "field",
    "branchId",
    {"name": "Market", "location": SPOT, "boundary": SHAPE},
    {"name": "Bazaar", "location": SPOT, "boundary": SHAPE, "reviewFirst": True},
    {},
)
COLLECTOR = Kind(
    "Collector",
    "collector",
    "fieldId",
    {
        "flag": "WTL",
        "serial": "0042",
        "timeZone": "Europe/Berlin",
        "make": "REACH",
        "model": "HD",
        "ipv4": "192.0.2.7",
        "ipv6": "2001:db8::7",
        "port": 4059,
    },
    {
        "flag": "LUN",
        "serial": "0043",
        "timeZone": "UTC",
        "make": "Reach",
        "model": "HD 2",
        "ipv4": "192.0.2.8",
        "ipv6": "2001:db8::8",
        "port": 4060,
        "reviewFirst": True,
    },
    {},
)
RF_MODULE = Kind(
    "RfModule",
    "rfModule",
    "collectorId",
    {
        "serial": "RF-42",
        "make": "U-MOTE",
        "model": "U1",
        "frequency": "MHZ_2400",
        "ipAddress": "192.0.2.9",
        "radioAddress": "0A:42",
        "readingPeriodSeconds": 3_600,
    },
    {
        "serial": "RF-43",
        "make": "Mahmote",
        "model": "M2",
        "frequency": "MHZ_2400",
        "ipAddress": "2001:db8::9",
        "radioAddress": "0A:43",
        "readingPeriodSeconds": 600,
        "errorStatus": "antenna",
    },
    {},
)
METER = Kind(
    "Meter",
    "meter",
    "rfModuleId",
    {
        "serial": "M-42",
        "make": "KLM",
        "registerDigits": 7,
        "powerMaxWatts": 9_000,
        "clockRule": "Europe/Berlin",
        "relay": "INTERNAL",
    },
    {
        "serial": "M-43",
        "make": "MSY",
        "registerDigits": 8,
        "powerMaxWatts": 12_000,
        "clockRule": "+02:00",
        "relay": "CONTACTOR",
    },
    {},
)
KINDS = pytest.mark.parametrize(
    "kind", [pytest.param(kind, id=kind.name) for kind in (FIELD, COLLECTOR, RF_MODULE, METER)]
)
COMPANY: dict[str, Any] = {
    "name": "Trakya",
    "currency": "EUR",
    "timeZone": "Europe/Berlin",
    "locale": "de-DE",
    "address": "Main Street 1\nEdirne",
    "email": "office@example.com",
    "phone": "+902840000000",
    "taxOffice": "Edirne",
    "taxNumber": "1234567890",
    "maxMetersPerRfModule": 64,
    "clockDriftMaxSeconds": 60,
    "reviewFirst": True,
    "secondPersonForTariffs": True,
    "rawFrameRetentionDays": 30,
    "readingRetentionDays": 4_000,
    "profileRetentionDays": 4_001,
    "contactReadRetentionDays": 401,
    "messageRetentionDays": 402,
    "transferTextRetentionDays": 404,
    "synchronisationRetentionDays": 403,
    "adjustmentApprovalLimit": "1000.000000",
    "warningLimit": "50.000000",
    "cutOffLimit": "-10.000000",
    "reconnectLimit": "5.000000",
    "warningMargin": "2.500000",
    "emergencyCredit": "20.000000",
    "emergencyNear": "15.000000",
    "debtSharePercent": "12.50",
    "debtShareCap": "7.000000",
    "debtSharePeriod": "MONTH",
    "topUpMinimum": "10.000000",
    "topUpMaximum": "900.000000",
    "topUpPresets": ["20.000000", "40.000000"],
    "messageChannels": ["SMS"],
    "faultNoticeRoles": ["OPERATOR"],
    "invoiceSeries": "ABC",
    "purchaseSeries": "ABD",
    "creditNoteSeries": "ABE",
    "invoiceNumberFormat": "{series}-{year}-{number:06}",
    "invoiceDueDays": 20,
    "invoiceAfterDays": 3,
    "eInvoicesSince": "2026-04-01T00:00:00+00:00",
    "noticeAfterDays": 15,
    "noticeWorkingDays": 6,
}


OTHERS: dict[str, dict[str, Any]] = {
    "Account": {
        "number": "A-42",
        "billingMode": "POSTPAID",
        "warningLimit": "12.500000",
        "cutOffLimit": "-3.000000",
        "reconnectLimit": "1.250000",
    },
    "Branch": {"name": "South"},
    "MeteringPoint": {
        "code": "T-42",
        "role": "CHECK",
        "installedKva": "49.5",
        "connectionKw": "40",
        "phases": 3,
    },
    "Premises": {"name": "Kiosk"},
}
# What shows as an object; its own tests give it.
ELSEWHERE = {"MeteringPoint": ["parentId"]}


def inputs(name: str, *but: str) -> set[str]:
    """Return what may be given to a mutation, besides which object it is about."""
    kind = SCHEMA.type_map[name]
    assert isinstance(kind, GraphQLInputObjectType)
    return set(kind.fields) - {"id", "expectedVersion", *but}


def changed(kind: str, slot: str, verb: str, given: Mapping[str, object]) -> str:
    """Return a mutation that asks for all that it gives."""
    return (
        f"mutation ($input: {verb.title()}{kind}Input!) {{ done: {verb}{kind}(input: $input) {{"
        f" {slot} {{ {' '.join(given)} }} userErrors {{ code path }} }} }}"
    )


@KINDS
async def test_all_that_is_given_to_a_new_one_is_shown(
    web: Web, place: Place, administrator: User, kind: Kind
) -> None:
    text = changed(kind.name, kind.slot, "create", kind.create)

    answer = await web.ask(text, administrator, input=parent_of(kind, place) | kind.create)

    assert set(kind.create) == inputs(f"Create{kind.name}Input", kind.parent)
    assert answer.data["done"] == {kind.slot: kind.create, "userErrors": []}


@KINDS
async def test_all_that_is_changed_is_shown_anew(
    web: Web, place: Place, administrator: User, kind: Kind
) -> None:
    text = changed(kind.name, kind.slot, "update", kind.update)

    answer = await web.ask(text, administrator, input=own(kind, place) | kind.update)
    shown = f"... on {kind.name} {{ {' '.join(kind.update)} }}"
    found = await web.ask(
        f"query ($id: ID!) {{ node(id: $id) {{ {shown} }} }}",
        administrator,
        id=own(kind, place)["id"],
    )

    assert set(kind.update) == inputs(f"Update{kind.name}Input")
    assert answer.data["done"] == {kind.slot: kind.update, "userErrors": []}
    assert found.data["node"] == kind.update


async def test_every_setting_of_a_company_is_kept(
    web: Web, place: Place, administrator: User
) -> None:
    names = " ".join(COMPANY)
    before = (await web.ask(f"{{ company {{ {names} }} }}", administrator)).data["company"]

    answer = await web.ask(
        changed("Company", "company", "update", COMPANY),
        administrator,
        input={"expectedVersion": 1} | COMPANY,
    )
    found = await web.ask(f"{{ company {{ {names} }} }}", administrator)

    assert set(COMPANY) == inputs("UpdateCompanyInput")
    # A value that was there before would prove nothing.
    assert {name for name in COMPANY if before[name] == COMPANY[name]} == set()
    assert answer.data["done"] == {"company": COMPANY, "userErrors": []}
    assert found.data["company"] == COMPANY


async def unpaid_point(place: Place) -> int:
    """Add a point whose role may still change."""
    return (await add_supply(place, with_account=False)).point_id


@pytest.mark.parametrize("name", list(OTHERS))
async def test_all_that_is_changed_of_the_others_is_shown(
    web: Web, place: Place, administrator: User, name: str
) -> None:
    row_ids: dict[str, int] = {
        "Account": account_of(place),
        "Branch": place.branch_id,
        "MeteringPoint": await unpaid_point(place),
        "Premises": place.supplies[0].premises_id,
    }
    row_id, given = encode(name, row_ids[name]), OTHERS[name]
    slot = name[0].lower() + name[1:]

    answer = await web.ask(
        changed(name, slot, "update", given),
        administrator,
        input={"id": row_id, "expectedVersion": 1} | given,
    )
    found = await web.ask(
        f"query ($id: ID!) {{ node(id: $id) {{ ... on {name} {{ {' '.join(given)} }} }} }}",
        administrator,
        id=row_id,
    )

    assert set(given) == inputs(f"Update{name}Input", *ELSEWHERE.get(name, []))
    assert answer.data["done"] == {slot: given, "userErrors": []}
    assert found.data["node"] == given

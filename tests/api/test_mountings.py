"""Mounting, exchanging and removing meters over GraphQL."""

from typing import Any

import pytest

from api.global_ids import encode
from db import access
from db.enums import Role
from db.ids import MeterId
from domain.hierarchy import branches, fields
from tests.api.web import User, Web
from tests.factories import Place, Supply, add_supply

MOUNTING = """
mounting {
  startedAt endedAt initialIndex finalIndex indexSide multiplier meter { id } meteringPoint { id }
}
userErrors { code path message params { name value } }
"""
MOUNT = f"mutation ($input: MountMeterInput!) {{ mountMeter(input: $input) {{ {MOUNTING} }} }}"
EXCHANGE = (
    f"mutation ($input: ExchangeMeterInput!) {{ exchangeMeter(input: $input) {{ {MOUNTING} }} }}"
)
REMOVE = f"mutation ($input: RemoveMeterInput!) {{ removeMeter(input: $input) {{ {MOUNTING} }} }}"
AT = "2026-03-18T11:00:00+00:00"


@pytest.fixture
async def spare(place: Place) -> Supply:
    return await add_supply(place, mounted=False, with_account=False)


@pytest.fixture
async def operator(web: Web, place: Place) -> User:
    return await web.user(place.company_id, Role.OPERATOR)


async def mounting_id(meter_id: MeterId) -> str:
    async with access.system() as connection:
        return encode(
            "Mounting",
            await connection.fetchval("select id from mounting where meter_id = $1", meter_id),
        )


async def mounted() -> int:
    async with access.system() as connection:
        return int(
            await connection.fetchval("select count(*) from mounting where ended_at is null")
        )


def of_spare(spare: Supply, **changes: Any) -> dict[str, Any]:
    return {
        "meterId": encode("Meter", spare.meter_id),
        "meteringPointId": encode("MeteringPoint", spare.point_id),
        "startedAt": AT,
        "initialIndex": "12.345",
        **changes,
    }


async def test_a_meter_is_mounted(web: Web, spare: Supply, operator: User) -> None:
    answer = await web.ask(MOUNT, operator, input=of_spare(spare, multiplier="40"))

    assert answer.data["mountMeter"] == {
        "mounting": {
            "startedAt": AT,
            "endedAt": None,
            "initialIndex": "12.345",
            "finalIndex": None,
            "indexSide": "SECONDARY",
            "multiplier": "40.0000",
            "meter": {"id": encode("Meter", spare.meter_id)},
            "meteringPoint": {"id": encode("MeteringPoint", spare.point_id)},
        },
        "userErrors": [],
    }


async def test_a_meter_is_exchanged_and_its_account_pays_for_both(
    web: Web, place: Place, spare: Supply, operator: User
) -> None:
    old = place.supplies[0]
    change = {
        "mountingId": await mounting_id(old.meter_id),
        "exchangedAt": AT,
        "finalIndex": "10.000",
        "meterId": encode("Meter", spare.meter_id),
        "initialIndex": "7",
    }

    answer = await web.ask(EXCHANGE, operator, input=change)
    accounts = await web.ask("{ accounts { nodes { balance { amount asOf } } } }", operator)

    mounting = answer.data["exchangeMeter"]["mounting"]
    assert mounting["meter"] == {"id": encode("Meter", spare.meter_id)}
    assert mounting["meteringPoint"] == {"id": encode("MeteringPoint", old.point_id)}
    assert accounts.data["accounts"]["nodes"] == [{"balance": {"amount": "-23.456789", "asOf": AT}}]


async def test_a_refusal_says_what_was_known_in_the_callers_language(
    web: Web, place: Place, operator: User
) -> None:
    change = {
        "mountingId": await mounting_id(place.supplies[0].meter_id),
        "endedAt": AT,
        "finalIndex": "1000000",
    }

    answer = await web.ask(REMOVE, operator, input=change)

    assert answer.data["removeMeter"] == {
        "mounting": None,
        "userErrors": [
            {
                "code": "INDEX_OUT_OF_RANGE",
                "path": ["input", "finalIndex"],
                "message": "The meter's register cannot show that; it ends at 999999.999 kWh.",
                "params": [
                    {"name": "field", "value": "finalIndex"},
                    {"name": "known", "value": "0"},
                    {"name": "highest", "value": "999999.999"},
                ],
            }
        ],
    }
    assert await mounted() == 1


@pytest.mark.parametrize(
    "index",
    [
        pytest.param("1.2345", id="too fine"),
        pytest.param("-1", id="below zero"),
        pytest.param(1.5, id="a number that is not exact"),
        pytest.param("1e3", id="another notation"),
    ],
)
async def test_an_index_is_an_exact_text(
    web: Web, spare: Supply, operator: User, index: object
) -> None:
    answer = await web.ask(MOUNT, operator, input=of_spare(spare, initialIndex=index))

    assert answer.codes == ["BAD_USER_INPUT"]
    assert await mounted() == 1


async def test_without_the_scope_nothing_is_mounted(web: Web, place: Place, spare: Supply) -> None:
    tenant = await web.user(place.company_id, Role.SUBSCRIBER, subscriber_id=place.subscriber_id)

    answer = await web.ask(MOUNT, tenant, input=of_spare(spare))

    assert answer.errors == [("FORBIDDEN", ["mountMeter"])]
    assert await mounted() == 1


async def test_who_is_confined_elsewhere_removes_nothing(web: Web, place: Place) -> None:
    branch_id = await branches.create(company_id=place.company_id, name="South")
    field_id = await fields.create(company_id=place.company_id, branch_id=branch_id, name="Harbour")
    confined = await web.user(place.company_id, Role.OPERATOR, field_id=field_id)
    change = {
        "mountingId": await mounting_id(place.supplies[0].meter_id),
        "endedAt": AT,
        "finalIndex": "1",
    }

    answer = await web.ask(REMOVE, confined, input=change)

    assert answer.errors == [("NOT_FOUND", ["removeMeter"])]
    assert await mounted() == 1

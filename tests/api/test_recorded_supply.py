"""Somebody says that a supply is off or back, and who pays for it is told."""

from datetime import timedelta
from typing import Any

import pytest

from api.global_ids import encode
from db.enums import Role
from tests.api.web import User, Web
from tests.db.exchanges import fetch
from tests.factories import NOW, Place, make_place

RECORD = """
mutation ($input: RecordSupplyInput!) {
  recordSupply(input: $input) {
    meter { supply supplyConfirmedAt account { segment } } userErrors { code path }
  }
}
"""
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def place(web: Web) -> Place:
    return await make_place()


def seen(place: Place, supply: str, at: object = NOW) -> dict[str, Any]:
    meter = encode("Meter", place.supplies[0].meter_id)
    return {"id": meter, "supply": supply, "seenAt": f"{at:%Y-%m-%dT%H:%M:%S+00:00}"}


async def told() -> list[str]:
    return [row["kind"] for row in await fetch("select kind from message order by id")]


async def test_who_pays_is_told_of_a_supply_that_goes_off_and_comes_back(
    web: Web, place: Place
) -> None:
    operator = await web.user(place.company_id, Role.OPERATOR)

    off = await web.ask(RECORD, operator, input=seen(place, "OFF", NOW - MINUTE))
    again = await web.ask(RECORD, operator, input=seen(place, "OFF", NOW - MINUTE))
    earlier = await web.ask(RECORD, operator, input=seen(place, "ON", NOW - 2 * MINUTE))
    back = await web.ask(RECORD, operator, input=seen(place, "ON"))

    assert off.data["recordSupply"] == {
        "meter": {
            "supply": "OFF",
            "supplyConfirmedAt": "2026-03-18T11:59:00+00:00",
            "account": {"segment": "NO_ENERGY"},
        },
        "userErrors": [],
    }
    assert again.data == earlier.data == off.data
    assert back.data["recordSupply"]["meter"]["supply"] == "ON"
    assert await told() == ["CUT_OFF", "RECONNECTION"]


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        pytest.param(("UNKNOWN", NOW), "INVALID_VALUE", "supply", id="what nobody sees"),
        pytest.param(("OFF", NOW + 6 * MINUTE), "IN_THE_FUTURE", "seenAt", id="not yet"),
    ],
)
async def test_what_nobody_can_have_seen_is_refused(
    web: Web,
    place: Place,
    administrator: User,
    given: tuple[str, object],
    code: str,
    path: str,
) -> None:
    before = await fetch("select supply, version from meter")

    refused = await web.ask(RECORD, administrator, input=seen(place, *given))

    assert refused.data["recordSupply"] == {
        "meter": None,
        "userErrors": [{"code": code, "path": ["input", path]}],
    }
    assert await fetch("select supply, version from meter") == before
    assert await told() == []


async def test_who_only_reads_records_nothing(web: Web, place: Place) -> None:
    auditor = await web.user(place.company_id, Role.AUDITOR)

    before = await fetch("select supply, version from meter")

    refused = await web.ask(RECORD, auditor, input=seen(place, "OFF"))

    assert refused.codes == ["FORBIDDEN"]
    assert await fetch("select supply, version from meter") == before
    assert await told() == []

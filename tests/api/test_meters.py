"""What a meter shows of its account, its supply and its registers, and what stays of one."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from api.global_ids import encode
from db import access
from tests.api.reading_series import HOUR, meter, store
from tests.api.web import User, Web
from tests.factories import NOW, Place, make_place, make_read, make_register_set

STANDING = """
    query ($id: ID!) { node(id: $id) { ... on Meter {
        segment balance { amount currency asOf freshness { isStale ageSeconds } }
        supply supplyConfirmedAt lastReadAt freshness { asOf isStale ageSeconds }
    } } }
"""
DATES = "query ($id: ID!) { node(id: $id) { ... on Meter { obisReadings { obis lastReadAt } } } }"
HISTORY = """
    query ($id: ID!) { node(id: $id) { ... on Meter {
        active lastReadAt account { id } meteringPoint { id }
        mountings { nodes { endedAt initialIndex finalIndex multiplier meteringPoint { id } } }
        placements { nodes { startedAt endedAt rfModule { id } } }
    } } }
"""
REMOVE = """
    mutation ($input: RemoveMeterInput!) {
        removeMeter(input: $input) { mounting { id } userErrors { code } }
    }
"""
RETIRE = """
    mutation ($input: VersionInput!) {
        deactivateMeter(input: $input) { meter { active } userErrors { code } }
    }
"""


async def test_a_meter_shows_its_accounts_credit_its_supply_and_how_fresh_they_are(
    web: Web,
) -> None:
    place = await make_place(price=Decimal("2.5"))
    user = await web.user(place.company_id)
    register_set_id = await make_register_set(place.company_id)
    await store([make_read(place, register_set_id, NOW - HOUR, 4000)])
    async with access.system() as connection:
        await connection.execute(
            "update meter set supply = 'ON', supply_confirmed_at = $2 where company_id = $1",
            place.company_id,
            NOW - 2 * HOUR,
        )

    answer = await web.ask(STANDING, user, id=meter(place))

    read_at = "2026-03-18T11:00:00+00:00"
    assert answer.data["node"] == {
        "segment": "WARNING_LIMIT",
        "balance": {
            "amount": "-10.000000",
            "currency": "TRY",
            "asOf": read_at,
            "freshness": {"isStale": True, "ageSeconds": 3600},
        },
        "supply": "ON",
        "supplyConfirmedAt": "2026-03-18T10:00:00+00:00",
        "lastReadAt": read_at,
        "freshness": {"asOf": read_at, "isStale": True, "ageSeconds": 3600},
    }


async def test_each_register_has_the_date_of_its_own_last_reading(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    energy = await make_register_set(place.company_id, ["1.8.0", "2.8.0"])
    voltage = await make_register_set(place.company_id, ["32.7.0"], unit="V")
    quarter = timedelta(minutes=15)
    await store(
        [
            make_read(place, energy, NOW - HOUR, 1000, values=[1000, 1]),
            make_read(place, energy, NOW - 2 * quarter, 1100, values=[1100, 2]),
            make_read(place, voltage, NOW - 3 * quarter, None, values=[230]),
        ]
    )

    answer = await web.ask(DATES, user, id=meter(place))

    assert answer.data["node"]["obisReadings"] == [
        {"obis": "1.8.0", "lastReadAt": "2026-03-18T11:30:00+00:00"},
        {"obis": "2.8.0", "lastReadAt": "2026-03-18T11:30:00+00:00"},
        {"obis": "32.7.0", "lastReadAt": "2026-03-18T11:15:00+00:00"},
    ]


async def test_a_meter_that_nobody_ever_read_has_no_dates(web: Web, place: Place) -> None:
    user = await web.user(place.company_id)

    answer = await web.ask(DATES, user, id=meter(place))

    assert answer.data["node"] == {"obisReadings": []}


async def retire(web: Web, user: User, place: Place) -> None:
    """Take the place's meter off its point and out of use."""
    supply = place.supplies[0]
    async with access.system() as connection:
        mounting_id = await connection.fetchval(
            "select id from mounting where meter_id = $1", supply.meter_id
        )
    removal = {
        "mountingId": encode("Mounting", mounting_id),
        "endedAt": (NOW - HOUR / 2).isoformat(),
        "finalIndex": "4.500",
    }
    removed = await web.ask(REMOVE, user, input=removal)
    assert removed.data["removeMeter"]["userErrors"] == []
    given = {"id": meter(place), "expectedVersion": 1}
    retired = await web.ask(RETIRE, user, input=given)
    assert retired.data["deactivateMeter"] == {"meter": {"active": False}, "userErrors": []}


async def test_a_retired_meter_keeps_its_history(
    web: Web, place: Place, administrator: User
) -> None:
    register_set_id = await make_register_set(place.company_id)
    await store([make_read(place, register_set_id, NOW - HOUR, 4000)])
    before: Any = (await web.ask(HISTORY, administrator, id=meter(place))).data["node"]

    await retire(web, administrator, place)

    after = (await web.ask(HISTORY, administrator, id=meter(place))).data["node"]
    (mounting,) = before["mountings"]["nodes"]
    assert (before["active"], mounting["endedAt"]) == (True, None)
    assert after == before | {
        "active": False,
        "account": None,
        "meteringPoint": None,
        "mountings": {
            "nodes": [
                mounting | {"endedAt": "2026-03-18T11:30:00+00:00", "finalIndex": "4.500"},
            ]
        },
    }

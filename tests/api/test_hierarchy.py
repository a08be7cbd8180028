"""The way from the company to the meter and to whoever pays for it."""

from typing import Any

from api.global_ids import encode
from tests.api.web import Web
from tests.factories import Place, make_place

DOWN = """
    { branches(first: 2) { nodes { name fields(first: 2) { nodes { name
        collectors(first: 2) { nodes { flag serial
            rfModules(first: 2) { nodes { serial frequency readingPeriodSeconds
                meters(first: 2) { nodes { serial } }
    } } } } } } } } }
"""
AROUND = """
    query ($id: ID!) { node(id: $id) { ... on Meter {
        serial make relay supply supplyConfirmedAt registerDigits clockRule active version
        rfModule { collector { field { branch { name } } } }
        meteringPoint { role parent { code } account { id } meter { id } }
        premises { name field { name location } accounts { nodes { id } } }
        account {
            billingMode subscriber { accounts { totalCount } } premises { name }
            meters { nodes { serial } } meteringPoints { totalCount }
        }
        mountings { nodes { startedAt endedAt multiplier initialIndex finalIndex
            meter { id } meteringPoint { id } } }
    } } }
"""


async def test_the_hierarchy_leads_down_to_the_meters(web: Web) -> None:
    place = await make_place(meters=2)
    user = await web.user(place.company_id)

    answer = await web.ask(DOWN, user)

    found: Any = answer.data["branches"]["nodes"]
    assert found == [
        {
            "name": "North",
            "fields": {"nodes": [{"name": "Mall", "collectors": {"nodes": [collector(place)]}}]},
        }
    ]


def collector(place: Place) -> dict[str, Any]:
    module = {
        "frequency": "MHZ_868",
        "readingPeriodSeconds": 900,
        "meters": {"nodes": [{"serial": supply.serial} for supply in place.supplies]},
    }
    return {
        "flag": "WTL",
        "serial": place.collector_serial,
        "rfModules": {"nodes": [{"serial": f"RF{int(place.collector_serial[1:])}"} | module]},
    }


async def test_a_meter_leads_to_all_that_hangs_on_it(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    supply = place.supplies[0]
    own = {"id": encode("Meter", supply.meter_id)}
    account = {"id": encode("Account", supply.account_id or 0)}

    meter = (await web.ask(AROUND, user, id=own["id"])).data["node"]

    assert meter.pop("rfModule") == {"collector": {"field": {"branch": {"name": "North"}}}}
    assert meter.pop("meteringPoint") == {
        "role": "BILLING",
        "parent": None,
        "account": account,
        "meter": own,
    }
    assert meter["premises"].pop("field") == {
        "name": "Mall",
        "location": {"type": "Point", "coordinates": [29.0, 41.0]},
    }
    assert meter["premises"].pop("accounts") == {"nodes": [account]}
    assert meter.pop("account") == {
        "billingMode": "PREPAID",
        "subscriber": {"accounts": {"totalCount": 1}},
        "premises": meter.pop("premises"),
        "meters": {"nodes": [{"serial": supply.serial}]},
        "meteringPoints": {"totalCount": 1},
    }
    assert meter.pop("mountings") == {
        "nodes": [
            {
                "startedAt": "2026-02-16T12:00:00+00:00",
                "endedAt": None,
                "multiplier": "1.0000",
                "initialIndex": "0.000",
                "finalIndex": None,
                "meter": own,
                "meteringPoint": {"id": encode("MeteringPoint", supply.point_id)},
            }
        ]
    }
    assert meter == {
        "serial": supply.serial,
        "make": "KLM",
        "relay": meter["relay"],
        "supply": "UNKNOWN",
        "supplyConfirmedAt": None,
        "registerDigits": meter["registerDigits"],
        "clockRule": "+03:00",
        "active": True,
        "version": 1,
    }

"""How devices do, as clients see it."""

from datetime import timedelta
from typing import Any

import pytest

from api.global_ids import encode
from db import access
from domain.hierarchy import rf_modules, synchronisations
from tests.api.web import User, Web
from tests.factories import NOW, Place, make_place

LISTED = """
    query ($health: [Health!]!) {
        rfModulesByHealth(health: $health) { totalCount nodes { serial health lastReadAt } }
        collectorsByHealth(health: $health) { totalCount nodes { serial health } }
    }
"""
COUNTED = """
    { fields { nodes { name health {
        rfModules { silent failing late healthy } collectors { silent failing late healthy } } } } }
"""
NONE = {"silent": 0, "failing": 0, "late": 0, "healthy": 0}


@pytest.fixture
async def place(web: Web) -> Place:
    """Make a place whose only meter was never read, and an RF module with an error beside it."""
    place = await make_place()
    module_id = await rf_modules.create(
        company_id=place.company_id, collector_id=place.collector_id, serial="broken"
    )
    await rf_modules.update(
        company_id=place.company_id,
        rf_module_id=module_id,
        expected_version=1,
        changes={"error_status": "antenna"},
    )
    async with access.system() as connection:
        await connection.execute(
            "update collector set last_contact_at = $2 where company_id = $1",
            place.company_id,
            NOW - timedelta(minutes=30),
        )
    return place


@pytest.fixture
async def operator(web: Web, place: Place) -> User:
    return await web.user(place.company_id)


async def test_devices_are_found_by_how_they_do(web: Web, place: Place, operator: User) -> None:
    serial = f"RF{int(place.collector_serial[1:])}"
    expected: dict[str, tuple[list[Any], list[Any]]] = {
        "SILENT": ([{"serial": serial, "health": "SILENT", "lastReadAt": None}], []),
        "FAILING": ([{"serial": "broken", "health": "FAILING", "lastReadAt": None}], []),
        "LATE": ([], [{"serial": place.collector_serial, "health": "LATE"}]),
        "HEALTHY": ([], []),
    }

    for state, (modules, collectors) in expected.items():
        answer = await web.ask(LISTED, operator, health=[state])
        assert answer.data["rfModulesByHealth"] == {"totalCount": len(modules), "nodes": modules}
        assert answer.data["collectorsByHealth"] == {
            "totalCount": len(collectors),
            "nodes": collectors,
        }


async def test_fields_count_their_devices(web: Web, operator: User) -> None:
    answer = await web.ask(COUNTED, operator)

    assert answer.data["fields"]["nodes"] == [
        {
            "name": "Mall",
            "health": {
                "rfModules": NONE | {"silent": 1, "failing": 1},
                "collectors": NONE | {"late": 1},
            },
        }
    ]


async def test_who_is_confined_elsewhere_finds_no_devices(web: Web, place: Place) -> None:
    async with access.tenant(place.company_id) as connection:
        field_id = await connection.fetchval(
            "insert into field (company_id, branch_id, name) values ($1, $2, 'Empty') returning id",
            place.company_id,
            place.branch_id,
        )
    confined = await web.user(place.company_id, field_id=field_id)

    answer = await web.ask(LISTED, confined, health=["SILENT", "FAILING", "LATE", "HEALTHY"])
    counted = await web.ask(COUNTED, confined)

    assert answer.data["rfModulesByHealth"]["totalCount"] == 0
    assert answer.data["collectorsByHealth"]["totalCount"] == 0
    assert [node["health"] for node in counted.data["fields"]["nodes"]] == [
        {"rfModules": NONE, "collectors": NONE}
    ]


async def test_a_collector_shows_how_its_clock_was(web: Web, place: Place, operator: User) -> None:
    await synchronisations.note_clock(
        company_id=place.company_id,
        collector_id=place.collector_id,
        device_at=NOW - timedelta(minutes=10),
        now=NOW,
    )

    answer = await web.ask(
        "query ($id: ID!) { node(id: $id) { ... on Collector { health lastSynchronisedAt"
        " synchronisationOutcome synchronisations { nodes { at kind outcome"
        " deviationMilliseconds } } } } }",
        operator,
        id=encode("Collector", place.collector_id),
    )

    assert answer.data["node"] == {
        "health": "FAILING",
        "lastSynchronisedAt": NOW.isoformat(),
        "synchronisationOutcome": "FAILED",
        "synchronisations": {
            "nodes": [
                {
                    "at": NOW.isoformat(),
                    "kind": "CLOCK",
                    "outcome": "FAILED",
                    "deviationMilliseconds": -600_000.0,
                }
            ]
        },
    }


async def test_a_filter_counts_too(web: Web, operator: User) -> None:
    answer = await web.ask(
        '{ rfModulesByHealth(health: [SILENT, FAILING], where: {serial: {eq: "broken"}})'
        " { totalCount nodes { serial } } }",
        operator,
    )

    assert answer.data["rfModulesByHealth"] == {"totalCount": 1, "nodes": [{"serial": "broken"}]}


async def test_an_rf_module_shows_when_it_was_heard_or_missed(
    web: Web, place: Place, operator: User
) -> None:
    await synchronisations.note_silences(now=NOW)

    answer = await web.ask(
        "query ($id: ID!) { node(id: $id) { ... on RfModule { health lastSynchronisedAt"
        " synchronisationOutcome synchronisations { nodes { at kind outcome } } } } }",
        operator,
        id=encode("RfModule", place.rf_module_id),
    )

    assert answer.data["node"] == {
        "health": "SILENT",
        "lastSynchronisedAt": NOW.isoformat(),
        "synchronisationOutcome": "FAILED",
        "synchronisations": {
            "nodes": [{"at": NOW.isoformat(), "kind": "CONTACT", "outcome": "FAILED"}]
        },
    }

"""Premises, points, mountings and accounts from files are judged like by mutations."""

from collections.abc import Mapping
from typing import Any

import pytest

from domain.longwork.jobs import Asker
from tests.db.tables import LIGHTS, POINTS, PREMISES, tables
from tests.factories import Place, make_place
from tests.imports import faults, fetch, imported, workbook


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(meters=0)


@pytest.mark.parametrize(
    ("kind", "row", "fault"),
    [
        pytest.param(
            "metering_points",
            ("North", "Mall", "Shop C", "P9", None, None),
            ("metering_points", 6, "premises", "UNKNOWN_PARENT"),
            id="no premises",
        ),
        pytest.param(
            "metering_points",
            ("North", "Mall", "Shop A", "P9", None, "P9"),
            ("metering_points", 6, "parent", "POINTS_IN_CIRCLE"),
            id="its own parent",
        ),
        pytest.param(
            "mountings",
            ("M1", "P3", "2026-03-01", 0, None),
            ("mountings", 4, "meter", "METER_TAKEN"),
            id="meter twice",
        ),
        pytest.param(
            "mountings",
            ("M3", "P3", "2026-03-01", 0, None),
            ("mountings", 4, "meter", "UNKNOWN_PARENT"),
            id="no meter",
        ),
        pytest.param(
            "mountings",
            ("M1", "P3", "2026-03-01", "1,2345", None),
            ("mountings", 4, "initial_index_kwh", "INVALID_VALUE"),
            id="too fine",
        ),
        pytest.param(
            "mountings",
            ("M1", "P3", "2026-03-01", 0, 0),
            ("mountings", 4, "multiplier", "INVALID_VALUE"),
            id="nothing times",
        ),
        pytest.param(
            "subscribers",
            ("S-3", "Ali", "no e-mail", None, None, None),
            ("subscribers", 4, "email", "INVALID_VALUE"),
            id="e-mail",
        ),
        pytest.param(
            "accounts",
            ("A-3", "S-1", "Cheap", None, None, None, None, None, "2026-03-02", "P0", 0),
            ("accounts", 5, "tariff", "UNKNOWN_PARENT"),
            id="no tariff",
        ),
        pytest.param(
            "accounts",
            ("A-3", "S-1", "Standard", None, None, None, None, None, "2026-03-02", "P1", 0),
            ("accounts", 5, "point", "POINT_PAID_FOR"),
            id="point twice",
        ),
        pytest.param(
            "accounts",
            ("A-2", "S-2", "Standard", "POSTPAID", None, None, None, None, "2026-03-02", "P9", 0),
            ("accounts", 5, "point", "UNKNOWN_PARENT"),
            id="no point in a further row",
        ),
        pytest.param(
            "accounts",
            ("A-2", "S-1", "Standard", "POSTPAID", None, None, None, None, "2026-03-02", "P0", 0),
            ("accounts", 5, "subscriber", "DIFFERS_FROM_ROW"),
            id="rows of one account differ",
        ),
        pytest.param(
            "accounts",
            ("A-3", "S-2", "Standard", None, None, None, None, None, "2027-03-02", "P0", 0),
            ("accounts", 5, "opened_at", "IN_THE_FUTURE"),
            id="not yet",
        ),
        pytest.param(
            "accounts",
            ("A-3", "S-2", "Standard", None, None, None, None, None, "2026-03-02", "P0", None),
            ("accounts", 5, "opening_index_kwh", "REQUIRED"),
            id="no index",
        ),
    ],
)
async def test_what_a_mutation_would_refuse_is_a_fault(
    place: Place, asker: Asker, kind: str, row: tuple[Any, ...], fault: tuple[Any, ...]
) -> None:
    given = await tables(place)

    await imported(place.company_id, asker, workbook(**{**given, kind: [*given[kind], row]}))

    found = await faults(place.company_id)
    assert fault in found
    assert {one[:2] for one in found} <= {fault[:2], (kind, fault[1]), *pairs(found, fault[3])}
    assert await fetch(place.company_id, "select id from premises") == []


def pairs(found: list[tuple[Any, ...]], code: str) -> set[tuple[Any, ...]]:
    """Return the rows that are at fault for the same reason: of two of a kind, both are."""
    return {one[:2] for one in found if one[3] == code}


async def test_points_of_one_account_are_in_one_place(place: Place, asker: Asker) -> None:
    given = await tables(place)
    row = ("A-1", "S-1", "Standard", "PREPAID", "12,5", -3, "1,25", LIGHTS, "2026-03-02", "P0", 0)

    await imported(
        place.company_id, asker, workbook(**{**given, "accounts": [*given["accounts"], row]})
    )

    assert await faults(place.company_id) == [("accounts", 5, "point", "POINT_ELSEWHERE")]
    assert await fetch(place.company_id, "select id from account") == []


async def test_a_parent_is_in_the_same_field(place: Place, asker: Asker) -> None:
    given: Mapping[str, Any] = {
        "fields": [("branch", "name"), ("North", "Port")],
        "premises": [*PREMISES, ("North", "Port", "Pier")],
        "metering_points": [*POINTS, ("North", "Port", "Pier", "P9", None, "P0")],
    }

    await imported(place.company_id, asker, workbook(**given))

    assert await faults(place.company_id) == [("metering_points", 6, "parent", "OTHER_FIELD")]
    assert await fetch(place.company_id, "select id from metering_point") == []

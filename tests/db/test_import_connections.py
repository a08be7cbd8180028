"""What metering points' connections were built for comes from files, and goes into them."""

from decimal import Decimal
from typing import Any

import pytest

from db.enums import ImportMode, TableFormat
from domain.longwork.jobs import Asker
from tests.db.tables import POINTS, tables
from tests.db.test_exports import exported, sheet
from tests.factories import Place, make_place
from tests.imports import faults, fetch, imported, workbook

FACTS = "select code, installed_kva, connection_kw, phases from metering_point order by code"
NOTHING = (None, None, None)


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(meters=0)


def connected_points(*known: tuple[object, ...]) -> list[tuple[Any, ...]]:
    """Return the table of points, with what is known of the first ones."""
    rest = [*known, *[NOTHING] * (len(POINTS) - 1 - len(known))]
    head = (*POINTS[0], "installed_kva", "connection_kw", "phases")
    return [head, *((*row, *facts) for row, facts in zip(POINTS[1:], rest, strict=True))]


async def test_what_is_known_comes_and_goes(place: Place, asker: Asker) -> None:
    given = {**await tables(place), "metering_points": connected_points(("160", "120,5", 3))}

    await imported(place.company_id, asker, workbook(**given))
    again = await imported(
        place.company_id, asker, workbook(**given), mode=ImportMode.CREATE_OR_UPDATE
    )
    _, file = await exported(place.company_id, asker, TableFormat.XLSX)

    assert await faults(place.company_id) == []
    assert [tuple(row) for row in await fetch(place.company_id, FACTS)] == [
        ("P0", *NOTHING),
        ("P1", Decimal(160), Decimal("120.5"), 3),
        ("P2", *NOTHING),
        ("P3", *NOTHING),
    ]
    assert again["result"]["counts"]["metering_points"]["unchanged"] == 4
    rows = {row[3]: row[6:9] for row in sheet(file, "metering_points")}
    assert rows["P1"] == (160, 120.5, 3)
    assert rows["P2"] == NOTHING


async def test_what_no_connection_can_have_is_a_fault(place: Place, asker: Asker) -> None:
    given = {**await tables(place), "metering_points": connected_points((0, -9, 2))}

    await imported(place.company_id, asker, workbook(**given))

    assert await faults(place.company_id) == [
        ("metering_points", 2, name, "INVALID_VALUE")
        for name in ("installed_kva", "connection_kw", "phases")
    ]
    assert await fetch(place.company_id, FACTS) == []

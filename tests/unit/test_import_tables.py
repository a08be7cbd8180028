"""Objects of a file that belong to one another come parents first, however many there are."""

import time

import pytest

from domain.bulk.kinds.premises import METERING_POINTS
from domain.imports.tables import Item, parents_first

MANY = 10_000
CPU_S_MAX = 1.0


def point(row: int, parent: str | None) -> Item:
    return Item(METERING_POINTS, row, {"code": f"P{row}", "parent": parent})


def test_no_child_comes_before_its_parent() -> None:
    points = [point(1, "P3"), point(2, None), point(3, "P2"), point(4, "elsewhere")]

    assert [one.row for one in parents_first(METERING_POINTS, points)] == [2, 4, 3, 1]


@pytest.mark.parametrize("last", [pytest.param(None, id="line"), pytest.param("P0", id="circle")])
def test_a_long_line_of_points_is_put_in_order_soon(last: str | None) -> None:
    points = [point(row, f"P{row + 1}") for row in range(MANY - 1)] + [point(MANY - 1, last)]

    begun = time.process_time()
    found = parents_first(METERING_POINTS, points)

    assert time.process_time() - begun < CPU_S_MAX
    assert {one.row for one in found} == set(range(MANY))
    if last is None:
        assert [one.row for one in found] == list(reversed(range(MANY)))

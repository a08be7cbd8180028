"""What is a place on the map, and which boxes hold what is near it."""

from typing import Any

import pytest

from domain.hierarchy.geometry import Box, InvalidGeometry, Point, area, boxes_around, point

SQUARE = [[29, 41], [30, 41], [30, 42], [29, 41]]


def ring(positions: int) -> list[list[float]]:
    return [[number / 1_000, 0.0] for number in range(positions - 1)] + [[0.0, 0.0]]


def test_a_point_is_read_longitude_first() -> None:
    assert point({"type": "Point", "coordinates": [29, 41.5]}) == Point(41.5, 29.0)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="nothing"),
        pytest.param([29, 41], id="bare numbers"),
        pytest.param({"type": "Polygon", "coordinates": [29, 41]}, id="another type"),
        pytest.param({"type": "Point"}, id="no coordinates"),
        pytest.param({"type": "Point", "coordinates": [29]}, id="one number"),
        pytest.param({"type": "Point", "coordinates": [29, 41, 7]}, id="a height"),
        pytest.param({"type": "Point", "coordinates": [29, 90.1]}, id="beyond the pole"),
        pytest.param({"type": "Point", "coordinates": [-180.1, 41]}, id="beyond the antimeridian"),
        pytest.param({"type": "Point", "coordinates": ["29", "41"]}, id="texts"),
        pytest.param({"type": "Point", "coordinates": [True, False]}, id="booleans"),
        pytest.param({"type": "Point", "coordinates": [float("nan"), 41]}, id="no number"),
        pytest.param({"type": "Point", "coordinates": [29, 41], "crs": "x"}, id="something else"),
    ],
)
def test_what_is_no_point_is_refused(value: Any) -> None:
    with pytest.raises(InvalidGeometry):
        point(value)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"type": "Polygon", "coordinates": [SQUARE]}, id="polygon"),
        pytest.param({"type": "Polygon", "coordinates": [SQUARE, SQUARE]}, id="with a hole"),
        pytest.param({"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]}, id="several"),
        pytest.param({"type": "Polygon", "coordinates": [ring(1_000)]}, id="1,000 positions"),
    ],
)
def test_an_area_is_kept_as_it_is(value: Any) -> None:
    assert area(value) == value


def test_an_area_is_exact_to_a_tenth_of_a_millimetre() -> None:
    fine = [[29.0000000004, 41], [1e-300, 0], [30, 42], [29.0000000004, 41]]

    kept = area({"type": "Polygon", "coordinates": [fine]})

    assert kept["coordinates"] == [[[29, 41], [0, 0], [30, 42], [29, 41]]]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"type": "Point", "coordinates": [29, 41]}, id="a point"),
        pytest.param({"type": "Polygon", "coordinates": []}, id="no rings"),
        pytest.param({"type": "Polygon", "coordinates": [SQUARE[:3]]}, id="an open ring"),
        pytest.param({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}, id="a line"),
        pytest.param({"type": "Polygon", "coordinates": [[[0, 91]] * 4]}, id="beyond the pole"),
        pytest.param({"type": "Polygon", "coordinates": [ring(1_001)]}, id="1,001 positions"),
        pytest.param(
            {"type": "MultiPolygon", "coordinates": [[ring(501)], [ring(500)]]}, id="1,001 in two"
        ),
        pytest.param({"type": "MultiPolygon", "coordinates": [SQUARE]}, id="too flat"),
        pytest.param({"type": "Polygon", "coordinates": {"0": SQUARE}}, id="no list"),
    ],
)
def test_what_is_no_area_is_refused(value: Any) -> None:
    with pytest.raises(InvalidGeometry):
        area(value)


def rounded(boxes: list[Box]) -> list[tuple[float, ...]]:
    return [
        tuple(round(edge, 3) for edge in (box.south, box.west, box.north, box.east))
        for box in boxes
    ]


@pytest.mark.parametrize(
    ("center", "expected"),
    [
        pytest.param(Point(0, 0), [(-1, -1, 1, 1)], id="at the equator"),
        pytest.param(Point(60, 10), [(59, 8, 61, 12)], id="where meridians are closer"),
        pytest.param(
            Point(0, 179.5), [(-1, 178.5, 1, 180), (-1, -180, 1, -179.5)], id="east of the line"
        ),
        pytest.param(
            Point(0, -179.5), [(-1, 179.5, 1, 180), (-1, -180, 1, -178.5)], id="west of the line"
        ),
        pytest.param(Point(89.5, 10), [(88.5, -180, 90, 180)], id="at the north pole"),
        pytest.param(Point(-89.5, 10), [(-90, -180, -88.5, 180)], id="at the south pole"),
    ],
)
def test_boxes_hold_what_is_near(center: Point, expected: list[tuple[float, ...]]) -> None:
    one_degree_m = 111_195.08

    assert rounded(boxes_around(center, one_degree_m)) == expected

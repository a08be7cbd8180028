"""Places on the map: checking GeoJSON, and boxes that hold what is near. WGS 84, degrees. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

EARTH_RADIUS_M: Final = 6_371_008.8
LATITUDE_MAX: Final = 90
LONGITUDE_MAX: Final = 180
POSITIONS_MAX: Final = 1_000
RING_POSITIONS_MIN: Final = 4
# A tenth of a millimetre; what is finer only makes long texts.
DECIMALS: Final = 9
# Rounding must not leave out what lies on the edge.
MARGIN_DEGREES: Final = 1e-9

POSITION_EXPECTED: Final = "expected positions of longitude -180 to 180 and latitude -90 to 90"


class InvalidGeometry(ValueError):
    """It is no such geometry; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place, in degrees."""

    latitude: float
    longitude: float

    def geojson(self) -> dict[str, Any]:
        return {"type": "Point", "coordinates": [self.longitude, self.latitude]}


@dataclass(frozen=True, slots=True)
class Box:
    """What lies between two parallels and, going east, two meridians; west is never above east."""

    south: float
    west: float
    north: float
    east: float


def point(value: object) -> Point:
    """Return the place that a GeoJSON Point names.

    :raises InvalidGeometry: it is none
    """
    return _position(_coordinates(value, "Point"))


def area(value: object) -> dict[str, Any]:
    """Return a GeoJSON Polygon or MultiPolygon to nine decimals, with nothing else beside it.

    :raises InvalidGeometry: it is none, or has more than 1,000 positions
    """
    kind = value.get("type") if isinstance(value, Mapping) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise InvalidGeometry("expected a GeoJSON Polygon or MultiPolygon")
    coordinates = _coordinates(value, str(kind))
    polygons = [coordinates] if kind == "Polygon" else _list(coordinates, "polygons")
    rings = [_list(polygon, "rings") for polygon in polygons]
    if sum(len(_list(ring, "positions")) for polygon in rings for ring in polygon) > POSITIONS_MAX:
        raise InvalidGeometry(f"expected at most {POSITIONS_MAX} positions")
    kept = [[_ring(ring) for ring in polygon] for polygon in rings]
    return {"type": kind, "coordinates": kept[0] if kind == "Polygon" else kept}


def boxes_around(center: Point, radius_m: float) -> list[Box]:
    """Return one or two boxes that hold everything within `radius_m` metres."""
    angle = radius_m / EARTH_RADIUS_M
    reach = math.degrees(angle) + MARGIN_DEGREES
    south, north = center.latitude - reach, center.latitude + reach
    if south <= -LATITUDE_MAX or north >= LATITUDE_MAX:
        # Around a pole lie all meridians.
        south, north = max(south, -LATITUDE_MAX), min(north, LATITUDE_MAX)
        return [Box(south, -LONGITUDE_MAX, north, LONGITUDE_MAX)]
    sideways = math.degrees(math.asin(math.sin(angle) / math.cos(math.radians(center.latitude))))
    west = center.longitude - sideways - MARGIN_DEGREES
    east = center.longitude + sideways + MARGIN_DEGREES
    return boxes_between(south, _wrapped(west), north, _wrapped(east))


def boxes_between(south: float, west: float, north: float, east: float) -> list[Box]:
    """Return the box, or the two on either side of the antimeridian when west is above east."""
    if west <= east:
        return [Box(south, west, north, east)]
    return [Box(south, west, north, 180), Box(south, -180, north, east)]


def _wrapped(longitude: float) -> float:
    return (longitude + 180) % 360 - 180


def _coordinates(value: object, kind: str) -> Any:
    if not isinstance(value, Mapping) or value.get("type") != kind:
        raise InvalidGeometry(f"expected a GeoJSON {kind}")
    if set(value) != {"type", "coordinates"}:
        raise InvalidGeometry("expected `type` and `coordinates`, and nothing else")
    return value["coordinates"]


def _list(value: object, what: str) -> Sequence[Any]:
    if not isinstance(value, list) or not value:
        raise InvalidGeometry(f"expected a list of {what}")
    return value


def _ring(ring: Sequence[Any]) -> list[list[float]]:
    positions = [_position(position) for position in ring]
    if len(positions) < RING_POSITIONS_MIN or positions[0] != positions[-1]:
        raise InvalidGeometry("expected rings of four positions or more that end where they begin")
    return [[round(at.longitude, DECIMALS), round(at.latitude, DECIMALS)] for at in positions]


def _position(value: object) -> Point:
    match value:
        case [longitude, latitude]:
            return Point(
                latitude=_degrees(latitude, LATITUDE_MAX),
                longitude=_degrees(longitude, LONGITUDE_MAX),
            )
    raise InvalidGeometry(POSITION_EXPECTED)


def _degrees(number: object, limit: int) -> float:
    # Booleans are numbers to Python, and NaN is within nothing.
    if isinstance(number, int | float) and not isinstance(number, bool) and abs(number) <= limit:
        return float(number)
    raise InvalidGeometry(POSITION_EXPECTED)

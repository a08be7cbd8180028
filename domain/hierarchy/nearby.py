"""Finding fields on the map."""

from collections.abc import Sequence
from dataclasses import dataclass

from db.access import Connection
from domain.hierarchy.geometry import EARTH_RADIUS_M, Box, Point, boxes_around
from domain.listing import Wall, fetch

# Haversine; `least` keeps rounding from asking for the arc of more than one.
DISTANCE_M = f"""2 * {EARTH_RADIUS_M} * asin(least(1, sqrt(
    sin(radians(field.latitude - {{latitude}}::float8) / 2) ^ 2
    + cos(radians({{latitude}}::float8)) * cos(radians(field.latitude))
        * sin(radians(field.longitude - {{longitude}}::float8) / 2) ^ 2)))"""
NEAR = """
    select * from (
        select field.id, {distance} as distance_m from field
        where field.company_id = {{company}} and {wall}
    ) found
    where distance_m <= {{radius_m}}::float8
    order by distance_m, id limit {{limit}}
"""


@dataclass(frozen=True, slots=True)
class Nearby:
    """A field, and how far away it is."""

    field_id: int
    distance_m: float


async def near(
    connection: Connection, center: Point, *, radius_m: float, limit: int, wall: Wall
) -> list[Nearby]:
    """Return the fields within `radius_m` metres, the nearest first."""
    narrowed = within(wall, boxes_around(center, radius_m))
    condition = narrowed.condition("field")
    template = NEAR.format(distance=DISTANCE_M, wall=condition)
    values = {
        **narrowed.values,
        "latitude": center.latitude,
        "longitude": center.longitude,
        "radius_m": radius_m,
        "limit": limit,
    }
    rows = await fetch(connection, template, values)
    return [Nearby(row["id"], row["distance_m"]) for row in rows]


def within(wall: Wall, boxes: Sequence[Box]) -> Wall:
    """Return the wall behind which, of fields, only those in one of the boxes are."""
    inside = " or ".join(
        "point(field.longitude, field.latitude) <@ box("
        f"point({{west{n}}}::float8, {{south{n}}}::float8),"
        f" point({{east{n}}}::float8, {{north{n}}}::float8))"
        for n in range(len(boxes))
    )
    values: dict[str, object] = dict(wall.values)
    for n, box in enumerate(boxes):
        values |= {
            f"south{n}": box.south,
            f"west{n}": box.west,
            f"north{n}": box.north,
            f"east{n}": box.east,
        }

    def condition(table: str) -> str:
        own = wall.condition(table)
        return f"{own} and ({inside})" if table == "field" else own

    return Wall(condition, values)

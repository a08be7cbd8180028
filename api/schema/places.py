"""Looking for fields on the map."""

from typing import Annotated

import strawberry

from api.errors import BadUserInput
from api.schema.companies import Field
from api.schema.relations import related
from db.enums import Scope
from domain.hierarchy.geometry import LATITUDE_MAX, LONGITUDE_MAX, Box, boxes_between
from domain.hierarchy.nearby import Nearby
from domain.hierarchy.queries import FIELDS

Latitude = Annotated[
    float, strawberry.argument(description="Of the place, in degrees, WGS 84: -90 to 90.")
]
Longitude = Annotated[
    float, strawberry.argument(description="Of the place, in degrees, WGS 84: -180 to 180.")
]


async def _field_id(found: "NearbyField", _: object) -> int | None:
    return found.nearby.field_id


@strawberry.type(description="A field near a place.")
class NearbyField:
    nearby: strawberry.Private[Nearby]
    distance_meters: float = strawberry.field(description="How far away it is, as the crow flies.")
    field: Field | None = related(FIELDS, _field_id, "The field.", scope=Scope.COMPANY_READ)


@strawberry.input(description="A part of the map, in degrees, WGS 84.")
class BoxInput:
    south: float = strawberry.field(description="Its southern edge, -90 to 90.")
    west: float = strawberry.field(
        description="Its western edge, -180 to 180; above `east` when it spans the antimeridian."
    )
    north: float = strawberry.field(description="Its northern edge, -90 to 90.")
    east: float = strawberry.field(description="Its eastern edge, -180 to 180.")

    def boxes(self) -> list[Box]:
        check_within("box", self.south, self.north, limit=LATITUDE_MAX)
        check_within("box", self.west, self.east, limit=LONGITUDE_MAX)
        if self.south > self.north:
            raise BadUserInput("box", "expected `south` to be below `north`")
        return boxes_between(self.south, self.west, self.north, self.east)


def check_within(argument: str, *degrees: float, limit: int) -> None:
    """Return if all are on the map.

    :raises BadUserInput: one is not
    """
    if not all(-limit <= one <= limit for one in degrees):
        raise BadUserInput(argument, f"expected degrees from -{limit} to {limit}")

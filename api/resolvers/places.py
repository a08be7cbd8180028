"""Fields on the map."""

from typing import Annotated

import strawberry

from api.context import Info
from api.errors import BadUserInput
from api.permissions.requires import requires
from api.schema.companies import Field
from api.schema.paging import PAGE_SIZE, PAGE_SIZE_MAX, Connection, Paged
from api.schema.places import (
    BoxInput,
    Latitude,
    Longitude,
    NearbyField,
    check_within,
)
from api.schema.relations import behind
from db.enums import Scope
from domain.hierarchy.geometry import LATITUDE_MAX, LONGITUDE_MAX, Point
from domain.hierarchy.nearby import near, within
from domain.hierarchy.queries import FIELDS
from domain.listing import Window

RADIUS_M_MAX = 1_000_000

InBox = Annotated[BoxInput, strawberry.argument(description="Which part of the map.")]
Radius = Annotated[
    float, strawberry.argument(description=f"How far away, up to {RADIUS_M_MAX:,} metres.")
]
First = Annotated[int, strawberry.argument(description=f"How many, 1 to {PAGE_SIZE_MAX}.")]


async def _fields_within(info: Info, window: Window, box: InBox) -> Connection[Field]:
    found: Connection[Field] = await behind(
        within(info.context.loaders.reach.wall, box.boxes()), FIELDS, info, window
    )
    return found


@strawberry.type
class PlaceQuery:
    fields_within: Connection[Field] | None = strawberry.field(
        resolver=_fields_within,
        description="Fields in a part of the map, by name.",
        extensions=[Paged(FIELDS), requires(Scope.COMPANY_READ)],
    )

    @strawberry.field(
        description="Fields near a place, the nearest first.",
        extensions=[requires(Scope.COMPANY_READ)],
    )
    async def fields_near(
        self,
        info: Info,
        latitude: Latitude,
        longitude: Longitude,
        radius_meters: Radius,
        first: First = PAGE_SIZE,
    ) -> list[NearbyField] | None:
        check_within("latitude", latitude, limit=LATITUDE_MAX)
        check_within("longitude", longitude, limit=LONGITUDE_MAX)
        if not 0 <= radius_meters <= RADIUS_M_MAX:
            raise BadUserInput("radiusMeters", f"expected 0 to {RADIUS_M_MAX}")
        if not 1 <= first <= PAGE_SIZE_MAX:
            raise BadUserInput("first", f"expected 1 to {PAGE_SIZE_MAX}")
        reach = info.context.loaders.reach
        async with reach.connection() as connection:
            found = await near(
                connection,
                Point(latitude, longitude),
                radius_m=radius_meters,
                limit=first,
                wall=reach.wall,
            )
        return [NearbyField(nearby=one, distance_meters=one.distance_m) for one in found]

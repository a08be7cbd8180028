"""Inputs and payloads of managing fields."""

import strawberry

from api.schema.companies import Field
from api.schema.scalars import GeoPoint, GeoPolygon
from api.schema.user_errors import UserError
from api.schema.versions import EXPECTED_VERSION


@strawberry.input(description="A field to add.")
class CreateFieldInput:
    branch_id: strawberry.ID = strawberry.field(description="The branch that runs it.")
    name: str = strawberry.field(description="What it is called; no other of the branch is.")
    location: GeoPoint | None = strawberry.field(
        default=None, description="Where it is on the map, WGS 84."
    )
    boundary: GeoPolygon | None = strawberry.field(
        default=None, description="What belongs to it, on the map, WGS 84."
    )


@strawberry.input(description="What changes of a field; what is left out stays.")
class UpdateFieldInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    name: strawberry.Maybe[str] = strawberry.field(description="What it is called.")
    location: strawberry.Maybe[GeoPoint | None] = strawberry.field(
        description="Where it is on the map, WGS 84."
    )
    boundary: strawberry.Maybe[GeoPolygon | None] = strawberry.field(
        description="What belongs to it, on the map, WGS 84."
    )
    review_first: strawberry.Maybe[bool] = strawberry.field(
        description="Whether its frames wait until somebody releases them."
    )


@strawberry.input(description="A field, and the branch that is to run it.")
class MoveFieldInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    branch_id: strawberry.ID = strawberry.field(description="The branch.")


@strawberry.type(description="How changing a field ended.")
class FieldPayload:
    field: Field | None = strawberry.field(description="The field as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")

"""Inputs and payloads of managing collectors."""

import strawberry

from api.schema.devices import Collector
from api.schema.scalars import TimeZone
from api.schema.user_errors import UserError
from api.schema.versions import EXPECTED_VERSION


@strawberry.input(description="A collector to add.")
class CreateCollectorInput:
    field_id: strawberry.ID = strawberry.field(description="Where it stands.")
    flag: str = strawberry.field(description="Its maker's three letters.")
    serial: str = strawberry.field(
        description="Printed on it; no other of the maker has it, whatever company."
    )
    time_zone: TimeZone | None = strawberry.field(
        default=None, description="What its clock shows; the company's by default."
    )
    make: str | None = strawberry.field(default=None, description="Who made it.")
    model: str | None = strawberry.field(default=None, description="Which of the maker's it is.")
    ipv4: str | None = strawberry.field(default=None, description="Its IPv4 address.")
    ipv6: str | None = strawberry.field(default=None, description="Its IPv6 address.")
    port: int | None = strawberry.field(default=None, description="Its TCP port.")


@strawberry.input(description="What changes of a collector; what is left out stays.")
class UpdateCollectorInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    flag: strawberry.Maybe[str] = strawberry.field(description="Its maker's three letters.")
    serial: strawberry.Maybe[str] = strawberry.field(description="Printed on it.")
    time_zone: strawberry.Maybe[TimeZone] = strawberry.field(description="What its clock shows.")
    make: strawberry.Maybe[str | None] = strawberry.field(description="Who made it.")
    model: strawberry.Maybe[str | None] = strawberry.field(
        description="Which of the maker's it is."
    )
    ipv4: strawberry.Maybe[str | None] = strawberry.field(description="Its IPv4 address.")
    ipv6: strawberry.Maybe[str | None] = strawberry.field(description="Its IPv6 address.")
    port: strawberry.Maybe[int | None] = strawberry.field(description="Its TCP port.")
    review_first: strawberry.Maybe[bool] = strawberry.field(
        description="Whether its frames wait until somebody releases them."
    )


@strawberry.input(description="A collector, and the field that it is to stand in.")
class MoveCollectorInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    field_id: strawberry.ID = strawberry.field(description="The field.")


@strawberry.input(description="A collector that is to have another token.")
class RotateCollectorTokenInput:
    id: strawberry.ID = strawberry.field(description="Which one.")


@strawberry.type(description="How changing a collector ended.")
class CollectorPayload:
    collector: Collector | None = strawberry.field(description="The collector as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")


@strawberry.type(description="How giving a collector a token ended.")
class CollectorTokenPayload:
    collector: Collector | None = strawberry.field(description="The collector as it is now.")
    token: str | None = strawberry.field(
        description="What it proves itself with from now on. It is shown here and never again."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")

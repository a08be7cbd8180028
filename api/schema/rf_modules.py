"""Inputs and payloads of managing RF modules."""

import strawberry

from api.schema.devices import RfModule
from api.schema.user_errors import UserError
from api.schema.versions import EXPECTED_VERSION
from db.enums import Frequency


@strawberry.input(description="An RF module to add.")
class CreateRfModuleInput:
    collector_id: strawberry.ID = strawberry.field(description="What it reports to.")
    serial: str = strawberry.field(description="Printed on it; no other of the company has it.")
    frequency: Frequency = strawberry.field(description="Its radio band.")
    make: str | None = strawberry.field(default=None, description="Who made it.")
    model: str | None = strawberry.field(default=None, description="Which of the maker's it is.")
    ip_address: str | None = strawberry.field(default=None, description="Its IP address.")
    radio_address: str | None = strawberry.field(
        default=None, description="Its address in the mesh."
    )
    reading_period_s: int = strawberry.field(
        default=900, name="readingPeriodSeconds", description="How often it reads, 60 to 86,400."
    )


@strawberry.input(description="What changes of an RF module; what is left out stays.")
class UpdateRfModuleInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    serial: strawberry.Maybe[str] = strawberry.field(description="Printed on it.")
    frequency: strawberry.Maybe[Frequency] = strawberry.field(description="Its radio band.")
    make: strawberry.Maybe[str | None] = strawberry.field(description="Who made it.")
    model: strawberry.Maybe[str | None] = strawberry.field(
        description="Which of the maker's it is."
    )
    ip_address: strawberry.Maybe[str | None] = strawberry.field(description="Its IP address.")
    radio_address: strawberry.Maybe[str | None] = strawberry.field(
        description="Its address in the mesh."
    )
    reading_period_s: strawberry.Maybe[int] = strawberry.field(
        name="readingPeriodSeconds", description="How often it reads, 60 to 86,400."
    )
    error_status: strawberry.Maybe[str | None] = strawberry.field(
        description="What is known to be wrong with it; null when nothing is."
    )


@strawberry.input(description="An RF module, and the collector that it is to report to.")
class MoveRfModuleInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    collector_id: strawberry.ID = strawberry.field(description="The collector.")


@strawberry.type(description="How changing an RF module ended.")
class RfModulePayload:
    rf_module: RfModule | None = strawberry.field(description="The RF module as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")

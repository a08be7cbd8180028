"""Inputs and payloads of managing meters."""

import strawberry

from api.schema.meters import Meter
from api.schema.scalars import DateTime
from api.schema.user_errors import UserError
from api.schema.versions import EXPECTED_VERSION
from db.enums import Relay, Supply
from domain.hierarchy.meters import POWER_W_MAX, REGISTER_DIGITS


@strawberry.input(description="A meter to add.")
class CreateMeterInput:
    rf_module_id: strawberry.ID = strawberry.field(description="What reads it.")
    serial: str = strawberry.field(description="Printed on it; no other of the company has it.")
    make: str | None = strawberry.field(default=None, description="Who made it.")
    clock_rule: str | None = strawberry.field(
        default=None,
        description="What its clock shows: an IANA time zone, or a fixed offset such as +03:00."
        " The company's zone by default.",
    )
    register_digits: int = strawberry.field(
        default=REGISTER_DIGITS, description="Whole kWh digits of its total register, 4 to 12."
    )
    power_w_max: int = strawberry.field(
        default=POWER_W_MAX,
        name="powerMaxWatts",
        description="The most that it can carry; more is taken for an error.",
    )
    relay: Relay = strawberry.field(default=Relay.NONE, description="What switches its supply.")


@strawberry.input(description="What changes of a meter; what is left out stays.")
class UpdateMeterInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    serial: strawberry.Maybe[str] = strawberry.field(description="Printed on it.")
    make: strawberry.Maybe[str | None] = strawberry.field(description="Who made it.")
    clock_rule: strawberry.Maybe[str] = strawberry.field(
        description="What its clock shows; dates what is read from now on."
    )
    register_digits: strawberry.Maybe[int] = strawberry.field(
        description="Whole kWh digits of its total register, 4 to 12; refused once the change"
        " would alter what was charged."
    )
    power_w_max: strawberry.Maybe[int] = strawberry.field(
        name="powerMaxWatts", description="The most that it can carry; more is taken for an error."
    )
    relay: strawberry.Maybe[Relay] = strawberry.field(description="What switches its supply.")


@strawberry.input(description="A meter, and the RF module that is to read it.")
class MoveMeterInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    rf_module_id: strawberry.ID = strawberry.field(description="The RF module.")


@strawberry.input(description="What somebody has seen of a meter's supply.")
class RecordSupplyInput:
    id: strawberry.ID = strawberry.field(description="Which meter.")
    supply: Supply = strawberry.field(description="ON or OFF.")
    seen_at: DateTime = strawberry.field(
        description="When; what was confirmed at a later time stays."
    )


@strawberry.type(description="How changing a meter ended.")
class MeterPayload:
    meter: Meter | None = strawberry.field(description="The meter as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")

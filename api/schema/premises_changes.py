"""Inputs and payloads of managing premises and metering points."""

import strawberry

from api.schema.premises import MeteringPoint, Premises
from api.schema.scalars import ExactNumber
from api.schema.user_errors import UserError
from api.schema.versions import EXPECTED_VERSION
from db.enums import PointRole


@strawberry.input(description="Premises to add.")
class CreatePremisesInput:
    field_id: strawberry.ID = strawberry.field(description="The field that they are in.")
    name: str = strawberry.field(description="What they are called; no others in the field are.")


@strawberry.input(description="What changes of premises; what is left out stays.")
class UpdatePremisesInput:
    id: strawberry.ID = strawberry.field(description="Which ones.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    name: strawberry.Maybe[str] = strawberry.field(description="What they are called.")


@strawberry.input(description="Where premises belong from now on.")
class MovePremisesInput:
    id: strawberry.ID = strawberry.field(description="Which ones.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    field_id: strawberry.ID = strawberry.field(description="The field that they are in.")


@strawberry.input(description="Who pays for premises while no subscriber does.")
class SetPremisesOwnerInput:
    id: strawberry.ID = strawberry.field(description="Which ones.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    account_id: strawberry.ID | None = strawberry.field(
        description="An open account, which may be of other premises; null for nobody."
    )


@strawberry.type(description="How changing premises ended.")
class PremisesPayload:
    premises: Premises | None = strawberry.field(description="The premises as they are now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")


@strawberry.input(description="A metering point to add.")
class CreateMeteringPointInput:
    premises_id: strawberry.ID = strawberry.field(description="Whose energy it measures.")
    code: str = strawberry.field(description="Its tesisat number; no other point has it.")
    role: PointRole = strawberry.field(default=PointRole.BILLING, description="What it measures.")
    parent_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The point of the same field that its energy flows through, if there is one.",
    )
    installed_kva: ExactNumber | None = strawberry.field(
        default=None, description="Installed power in kVA; null while nobody knows."
    )
    connection_kw: ExactNumber | None = strawberry.field(
        default=None,
        description="The power in kW that the connection was agreed for; null while nobody knows.",
    )
    phases: int | None = strawberry.field(
        default=None, description="1 or 3; null while nobody knows."
    )


@strawberry.input(description="What changes of a metering point; what is left out stays.")
class UpdateMeteringPointInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    code: strawberry.Maybe[str] = strawberry.field(description="Its tesisat number.")
    role: strawberry.Maybe[PointRole] = strawberry.field(
        description="What it measures; stays once an account has paid for it."
    )
    parent_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="The point of the same field that its energy flows through from now on, whose"
        " account does not pay for what others pay for below it; null for none."
    )
    installed_kva: strawberry.Maybe[ExactNumber | None] = strawberry.field(
        description="Installed power in kVA; null for not known."
    )
    connection_kw: strawberry.Maybe[ExactNumber | None] = strawberry.field(
        description="The power in kW that the connection was agreed for; null for not known."
    )
    phases: strawberry.Maybe[int | None] = strawberry.field(
        description="1 or 3; null for not known."
    )


@strawberry.input(description="What a metering point measures from now on.")
class MoveMeteringPointInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    premises_id: strawberry.ID = strawberry.field(description="Whose energy it measures.")


@strawberry.type(description="How changing a metering point ended.")
class MeteringPointPayload:
    metering_point: MeteringPoint | None = strawberry.field(
        description="The metering point as it is now."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")

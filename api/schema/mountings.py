"""Inputs and payloads of mounting, exchanging and removing meters."""

import strawberry

from api.schema.premises import Mounting
from api.schema.scalars import DateTime, ExactNumber, Kwh
from api.schema.user_errors import UserError

ROLLED_OVER = (
    "True when the register may have started again at zero since it was last read; without it, an"
    " index below an earlier one is refused."
)


@strawberry.input(description="A meter and where it is mounted.")
class MountMeterInput:
    meter_id: strawberry.ID = strawberry.field(description="Which meter.")
    metering_point_id: strawberry.ID = strawberry.field(description="Where.")
    started_at: DateTime = strawberry.field(description="When it was mounted; never in the future.")
    initial_index: Kwh = strawberry.field(description="The meter's total register then.")
    multiplier: ExactNumber | None = strawberry.field(
        default=None,
        description="What current and voltage transformers multiply energy by; 1 if left out.",
    )


@strawberry.input(description="A meter that was exchanged for another.")
class ExchangeMeterInput:
    mounting_id: strawberry.ID = strawberry.field(description="The mounting that ends.")
    exchanged_at: DateTime = strawberry.field(description="When; never in the future.")
    final_index: Kwh = strawberry.field(description="The old meter's total register then.")
    rolled_over: bool = strawberry.field(default=False, description=ROLLED_OVER)
    meter_id: strawberry.ID = strawberry.field(description="The meter that is there now.")
    initial_index: Kwh = strawberry.field(description="The new meter's total register then.")
    multiplier: ExactNumber | None = strawberry.field(
        default=None, description="What energy is multiplied by; as before if left out."
    )


@strawberry.input(description="A meter that was removed.")
class RemoveMeterInput:
    mounting_id: strawberry.ID = strawberry.field(description="The mounting that ends.")
    ended_at: DateTime = strawberry.field(description="When; never in the future.")
    final_index: Kwh = strawberry.field(description="The meter's total register then.")
    rolled_over: bool = strawberry.field(default=False, description=ROLLED_OVER)


@strawberry.type(description="How mounting or removing a meter ended.")
class MountingPayload:
    mounting: Mounting | None = strawberry.field(
        description="The mounting as it is now; after an exchange, the new one."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")

"""Days on which a company does not work."""

import strawberry

from api.schema.scalars import LocalDate
from api.schema.user_errors import UserError


@strawberry.type(description="A day on which the company does not work.")
class Holiday:
    day: LocalDate = strawberry.field(description="Which day.")
    name: str = strawberry.field(description="What it is called.")


@strawberry.input(description="A day on which the company does not work.")
class HolidayInput:
    day: LocalDate = strawberry.field(description="Which day.")
    name: str = strawberry.field(description="What it is called; 1 to 200 characters.")


@strawberry.input(description="All holidays of a year.")
class SetHolidaysInput:
    year: int = strawberry.field(description="Which year; others stay as they are.")
    days: list[HolidayInput] = strawberry.field(
        description="Its holidays, beside Saturdays and Sundays; up to 100."
    )


@strawberry.type(description="How setting the holidays of a year ended.")
class SetHolidaysPayload:
    holidays: list[Holiday] | None = strawberry.field(description="The year's as they are now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")

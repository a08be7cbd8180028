"""Looking at a company's holidays, and setting them."""

from datetime import date
from typing import Annotated

import strawberry

from api.context import Info
from api.mutations import check_whole_company, user_error
from api.permissions.requires import requires
from api.schema.companies import Company
from api.schema.holidays import Holiday, SetHolidaysInput, SetHolidaysPayload
from api.schema.scalars import LocalDate
from db.enums import Scope
from domain.notices import holidays as days_off
from domain.refusals import InvalidValue, Refused

Year = Annotated[int, strawberry.argument(description="Which year.")]
Wanted = Annotated[SetHolidaysInput, strawberry.argument(description="A year and its holidays.")]


@strawberry.type
class HolidayQuery:
    @strawberry.field(
        description="Days of a year on which the company does not work, in order: a cut waits for"
        " so many working days after a notice.",
        extensions=[requires(Scope.COMPANY_READ)],
    )
    async def holidays(self, info: Info, year: Year) -> list[Holiday] | None:
        return await _of_year(info, year)


@strawberry.type
class HolidayMutation:
    @strawberry.mutation(
        description="Say on which days of a year the company does not work.",
        extensions=[requires(Scope.COMPANY_WRITE)],
    )
    async def set_holidays(self, info: Info, input: Wanted) -> SetHolidaysPayload | None:
        check_whole_company(info)
        days: dict[date, str] = {one.day: one.name for one in input.days}
        try:
            if len(days) < len(input.days):
                raise InvalidValue("days", "day", expected="each day once")
            await days_off.set_year(
                company_id=info.context.signed_in.company_id, year=input.year, days=days
            )
        except Refused as refusal:
            errors = [await user_error(info, Company, refusal)]
            return SetHolidaysPayload(holidays=None, user_errors=errors)
        return SetHolidaysPayload(holidays=await _of_year(info, input.year), user_errors=[])


async def _of_year(info: Info, year: int) -> list[Holiday]:
    company_id = info.context.signed_in.company_id
    found = await days_off.of_year(company_id=company_id, year=year)
    return [Holiday(day=LocalDate(day), name=name) for day, name in found.items()]

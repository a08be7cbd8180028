"""Holidays of a company over GraphQL: who may set them, and how a year is shown."""

from typing import Any

from db.enums import Role
from tests.api.web import Answer, User, Web
from tests.factories import Place, make_place

SET = """
mutation ($input: SetHolidaysInput!) {
  done: setHolidays(input: $input) { holidays { day name } userErrors { code path } }
}
"""
LIST = "query ($year: Int!) { holidays(year: $year) { day name } }"
NEW_YEAR = {"day": "2026-01-01", "name": "Yılbaşı"}
APRIL = {"day": "2026-04-23", "name": "23 Nisan"}


async def set_days(web: Web, user: User, *days: dict[str, str], year: int = 2026) -> Answer:
    return await web.ask(SET, user, input={"year": year, "days": list(days)})


async def shown(web: Web, user: User, year: int = 2026) -> Any:
    return (await web.ask(LIST, user, year=year)).data["holidays"]


async def make_user(web: Web, role: Role = Role.ADMINISTRATOR) -> tuple[Place, User]:
    place = await make_place(meters=0)
    return place, await web.user(place.company_id, role)


async def test_a_year_is_set_as_a_whole_and_shown_in_order(web: Web) -> None:
    _, administrator = await make_user(web)
    await set_days(web, administrator, {"day": "2026-05-01", "name": "1 Mayıs"})

    answer = await set_days(web, administrator, APRIL, NEW_YEAR)

    assert answer.data["done"] == {"holidays": [NEW_YEAR, APRIL], "userErrors": []}
    assert await shown(web, administrator) == [NEW_YEAR, APRIL]
    assert await shown(web, administrator, 2027) == []


async def test_days_that_make_no_year_change_nothing(web: Web) -> None:
    _, administrator = await make_user(web)
    await set_days(web, administrator, NEW_YEAR)

    for days, year in (([APRIL, APRIL], 2026), ([APRIL], 2027), ([], 1)):
        answer = await set_days(web, administrator, *days, year=year)
        assert answer.data["done"]["holidays"] is None
        assert [one["code"] for one in answer.data["done"]["userErrors"]] == ["INVALID_VALUE"]

    assert await shown(web, administrator) == [NEW_YEAR]


async def test_who_may_not_change_the_company_sets_no_holidays(web: Web) -> None:
    place, administrator = await make_user(web)
    operator = await web.user(place.company_id, Role.OPERATOR)

    answer = await set_days(web, operator, NEW_YEAR)

    assert answer.codes == ["FORBIDDEN"]
    assert await shown(web, administrator) == []


async def test_other_companies_have_holidays_of_their_own(web: Web) -> None:
    _, administrator = await make_user(web)
    _, other = await make_user(web)

    await set_days(web, administrator, NEW_YEAR)

    assert await shown(web, other) == []

"""Days on which a company does not work, beside Saturdays and Sundays, a year at a time.

A cut waits for so many working days after a notice.
"""

from collections.abc import Mapping
from datetime import date

from db import access
from db.ids import CompanyId
from domain import values
from domain.refusals import InvalidValue

HOLIDAYS_MAX = 100
YEARS = range(2000, 2101)

OF_YEAR = """
    select day, name from holiday where company_id = $1 and day between $2 and $3 order by day
"""
FORGET = """
    delete from holiday
    where company_id = $1 and day between $2 and $3 and not day = any($4::date[])
"""
SET = """
    insert into holiday as h (company_id, day, name)
    select $1, * from unnest($2::date[], $3::text[])
    on conflict (company_id, day) do update set name = excluded.name
    where h.name <> excluded.name
"""


async def of_year(*, company_id: CompanyId, year: int) -> dict[date, str]:
    """Return the names of a year's holidays by day, in order; none of a year that nobody knows."""
    if year not in YEARS:
        return {}
    async with access.reading(company_id) as connection:
        rows = await connection.fetch(OF_YEAR, company_id, *_ends(year))
    return {row["day"]: row["name"] for row in rows}


async def set_year(*, company_id: CompanyId, year: int, days: Mapping[date, str]) -> None:
    """Say on which days of a year a company does not work, by their names. Safe to repeat.

    :raises InvalidValue: nothing was written
    """
    if year not in YEARS:
        raise InvalidValue("year", expected=f"{YEARS[0]} to {YEARS[-1]}")
    if len(days) > HOLIDAYS_MAX or any(day.year != year for day in days):
        raise InvalidValue("days", expected=f"up to {HOLIDAYS_MAX} days of {year}")
    named = {day: values.name(days[day], "days", "name") for day in sorted(days)}
    async with access.tenant(company_id) as connection:
        await connection.execute(FORGET, company_id, *_ends(year), list(named))
        await connection.execute(SET, company_id, list(named), list(named.values()))


def _ends(year: int) -> tuple[date, date]:
    return date(year, 1, 1), date(year, 12, 31)

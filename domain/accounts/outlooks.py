"""For how long the credit of accounts lasts, at the recent rate of use."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from db.access import Connection
from domain.accounts.forecasts import RECENT_DAYS, Forecast, forecast
from domain.accounts.queries import Standing, standings
from domain.listing import Wall, fetch

# The recent days are the company's, and end with the one that the balance is of.
RECENT = """
    select a.id, recent.since, coalesce(used.charged_micro, 0)::int8 as used_micro
    from unnest({ids}::int8[], {as_ofs}::timestamptz[]) asked (id, as_of)
    join account a on a.company_id = {company} and a.id = asked.id
    join company c on c.id = a.company_id
    cross join lateral (
        select (asked.as_of at time zone c.time_zone)::date as last_date
    ) days
    cross join lateral (
        select greatest(a.opened_at, (days.last_date - {recent_days}::int4)::timestamp
            at time zone c.time_zone) as since
    ) recent
    left join lateral (
        select sum(r.charged_micro) as charged_micro from accrual r
        where r.company_id = a.company_id and r.account_id = a.id
            and r.local_date between days.last_date - {recent_days}::int4 and days.last_date
    ) used on true
"""


async def forecasts(
    connection: Connection, found: Mapping[int, Standing], *, wall: Wall
) -> dict[int, Forecast]:
    """Return for how long the credit of accounts lasts that were seen behind the wall.

    Those of which too little is known have none.
    """
    values: dict[str, object] = {
        **wall.values,
        "ids": list(found),
        "as_ofs": [standing.as_of for standing in found.values()],
        "recent_days": RECENT_DAYS,
    }
    rows = await fetch(connection, RECENT, values)
    made = {row["id"]: _forecast(found[row["id"]], row["used_micro"], row["since"]) for row in rows}
    return {account_id: one for account_id, one in made.items() if one is not None}


def _forecast(standing: Standing, used_micro: int, since: datetime) -> Forecast | None:
    return forecast(
        balance_micro=standing.balance_micro,
        limits=standing.limits,
        used_micro=used_micro,
        since=since,
        as_of=standing.as_of,
    )


async def of_accounts(
    connection: Connection, account_ids: Sequence[int], *, wall: Wall
) -> dict[int, Forecast]:
    """Return for how long the credit of accounts lasts that may be warned, as `forecasts`."""
    found = await standings(connection, account_ids, wall=wall)
    watched = {account_id: one for account_id, one in found.items() if one.is_watched}
    return await forecasts(connection, watched, wall=wall)

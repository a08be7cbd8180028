"""For how long the credit of accounts lasts, at the recent rate of use."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from db.access import Connection
from domain.accounts.forecasts import Forecast, forecast
from domain.accounts.queries import Standing, standings
from domain.accounts.recent_use import RECENT_USE
from domain.listing import Wall, fetch

RECENT = """
    select a.id, recent.since, used.used_micro
    from unnest({ids}::int8[], {as_ofs}::timestamptz[]) asked (id, as_of)
    join account a on a.company_id = {company} and a.id = asked.id
    join company c on c.id = a.company_id
    """ + RECENT_USE.format(as_of="asked.as_of")


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

"""Who pays for metering points together, as it is written. All in the caller's transaction."""

from collections.abc import Mapping
from datetime import datetime

import asyncpg

from db.access import Connection
from db.ids import AccountId, CompanyId, PointId
from domain.accounts.assignments import PointPaidFor
from domain.accounts.rules import handed_over
from domain.refusals import Refused

PAYING = """
    select account_id, share_ppm, started_at, opening_index_wh from account_point
    where company_id = $1 and point_id = $2 and ended_at is null order by account_id
"""
END_ALL = """
    update account_point set ended_at = $3, final_index_wh = $4
    where company_id = $1 and point_id = $2 and ended_at is null
"""
NEXT_SHARING = "select nextval('id_sequence')"
BEGIN = """
    insert into account_point (company_id, account_id, point_id, started_at, opening_index_wh,
        share_ppm, sharing_id)
    values ($1, $2, $3, $4, $5, $6, $7)
"""
SHARED = """
    select distinct point_id from account_point
    where company_id = $1 and point_id = any($2::int8[]) and share_ppm < 1000000
        and started_at <= $3 and (ended_at is null or ended_at > $3)
"""


class ShareWithoutOwner(Refused):
    """The account pays for a part of a point, and its premises have no owner to take that over."""


async def paying(
    connection: Connection, company_id: CompanyId, point_id: PointId
) -> list[asyncpg.Record]:
    """Return who pays for a point by now, with `account_id`, `share_ppm` and how it began."""
    return await connection.fetch(PAYING, company_id, point_id)


async def write(
    connection: Connection,
    company_id: CompanyId,
    point_id: PointId,
    shares_ppm: Mapping[AccountId, int],
    *,
    at: datetime,
    index_wh: int,
) -> None:
    """Write who pays for a point from an instant on; who did until then does no more.

    :raises PointPaidFor: somebody else paid for it then, up to a later instant
    """
    await connection.execute(END_ALL, company_id, point_id, at, index_wh)
    sharing_id = await connection.fetchval(NEXT_SHARING)
    beginning = [
        (company_id, account_id, point_id, at, index_wh, share_ppm, sharing_id)
        for account_id, share_ppm in sorted(shares_ppm.items())
    ]
    try:
        await connection.executemany(BEGIN, beginning)
    except asyncpg.ExclusionViolationError as error:
        raise PointPaidFor("starts_at") from error


async def hand_over(
    connection: Connection,
    company_id: CompanyId,
    points: Mapping[PointId, int],
    *,
    by: AccountId,
    to: AccountId | None,
    at: datetime,
) -> None:
    """Write that an account's shares of points are another's from an instant on.

    points: those that it shares, with their indexes then; they are held. to: None where nobody is
        known.

    :raises ShareWithoutOwner: nobody is, although there is something to take over
    """
    for point_id, index_wh in points.items():
        if to is None:
            raise ShareWithoutOwner("id")
        shares_ppm = {
            AccountId(row["account_id"]): row["share_ppm"]
            for row in await paying(connection, company_id, point_id)
        }
        after = handed_over(shares_ppm, by=by, to=to)
        await write(connection, company_id, point_id, after, at=at, index_wh=index_wh)


async def shared_points(
    connection: Connection, company_id: CompanyId, point_ids: list[PointId], *, at: datetime
) -> set[PointId]:
    """Return which points several accounts pay for at an instant."""
    found = await connection.fetch(SHARED, company_id, point_ids, at)
    return {PointId(row["point_id"]) for row in found}

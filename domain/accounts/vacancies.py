"""Premises whose subscriber has left before they had an owner's account: it pays all the same.

Nothing that was used since is lost: it is charged from the end of the last account on.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from db.access import Connection
from db.ids import AccountId, CompanyId, MeterId, PointId, PremisesId
from domain.accounts.assignments import MOUNTED, assign
from domain.billing import submeters
from domain.billing.resettling import charged_anew
from domain.month_charges import due
from domain.tariffs.deductible import check_deductible

# All that was read since is charged, in a transaction of five seconds.
TAKEN_OVER_WITHIN = timedelta(days=31)

POINTS = "select id from metering_point where company_id = $1 and premises_id = $2 order by id"
# Since when nobody pays for them, where an account paid for each alone and the owner's was there.
VACANT = """
    select last.* from account o
    join lateral (
        select distinct on (ap.point_id) ap.point_id, ap.ended_at, ap.final_index_wh, ap.share_ppm
        from metering_point p
        join account_point ap on ap.company_id = p.company_id and ap.point_id = p.id
        where p.company_id = $1 and p.premises_id = $2 and p.active
        order by ap.point_id, ap.ended_at desc nulls first
    ) last on last.ended_at >= greatest(o.opened_at, $4::timestamptz) and last.share_ppm = 1000000
    where o.company_id = $1 and o.id = $3
    order by last.ended_at, last.point_id
"""


async def hold_points(
    connection: Connection, company_id: CompanyId, premises_id: PremisesId
) -> list[PointId]:
    """Hold the metering points of premises: nobody begins or ends to pay for them meanwhile."""
    rows = await connection.fetch(POINTS, company_id, premises_id)
    point_ids = [PointId(row["id"]) for row in rows]
    await submeters.hold_lines(connection, company_id, point_ids)
    return point_ids


async def take_over(
    connection: Connection,
    *,
    company_id: CompanyId,
    premises_id: PremisesId,
    point_ids: Sequence[PointId],
    account_id: AccountId,
    now: datetime,
) -> None:
    """Let an owner's account pay for the points of premises that nobody has paid for lately.

    Joins the caller's transaction, which holds the premises and their points. Points that have been
    vacant for more than 31 days, or since before the account began, are not among them.

    :raises NotDeductible, SharedAbove, AlreadyBilled: nothing was written
    """
    # All at once, so that they are held in key order.
    await submeters.hold_meters(connection, company_id, point_ids)
    vacant: dict[datetime, dict[PointId, int]] = defaultdict(dict)
    for row in await connection.fetch(
        VACANT, company_id, premises_id, account_id, now - TAKEN_OVER_WITHIN
    ):
        vacant[row["ended_at"]][PointId(row["point_id"])] = row["final_index_wh"]
    if vacant:
        # Who charges months locks balances after what waits for it.
        await due.note_payers(
            connection, company_id, point_ids, account_id, since=min(vacant), now=now
        )
    for since, points in vacant.items():
        await _pay_since(connection, company_id, account_id, points, since, now)


async def _pay_since(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    points: Mapping[PointId, int],
    since: datetime,
    now: datetime,
) -> None:
    point_ids = list(points)
    mounted = await connection.fetch(MOUNTED, company_id, point_ids, since)
    meter_ids = list(dict.fromkeys(MeterId(row["meter_id"]) for row in mounted))
    async with (
        submeters.settled(
            connection,
            company_id=company_id,
            point_ids=point_ids,
            since=since,
            path=("account_id",),
            now=now,
        ),
        charged_anew(connection, company_id=company_id, meter_ids=meter_ids, since=since, now=now),
    ):
        await assign(connection, company_id, account_id, points, since=since)
    await check_deductible(connection, company_id, point_ids, "account_id", since=since)

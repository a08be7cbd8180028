"""Which account pays for which metering points, from which index on and up to which.

All in the caller's transaction. An owner's account that pays while nobody else does gives way.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import asyncpg

from db.access import Connection
from db.ids import AccountId, CompanyId, MeterId, PointId, PremisesId
from domain import values
from domain.billing import operations as billing
from domain.billing import submeters
from domain.billing.claims import Claim
from domain.metering.mountings import INDEX_WH_MAX
from domain.metering.rules import Course
from domain.refusals import InvalidValue, Refused

# An account may pay for nothing but shares of supplies that others pay for, too.
POINTS_MAX = 100

LOCK_POINTS = """
    select id, premises_id, active from metering_point
    where company_id = $1 and id = any($2::int8[]) order by id for no key update
"""
MOUNTED = """
    select meter_id, point_id, started_at, initial_index_wh from mounting
    where company_id = $1 and point_id = any($2::int8[]) and (ended_at is null or ended_at > $3)
    order by meter_id, started_at
"""
ASSIGN = """
    insert into account_point (company_id, account_id, point_id, started_at, opening_index_wh)
    values ($1, $2, $3, $4, $5)
"""
END = """
    update account_point set ended_at = $4, final_index_wh = $5
    where company_id = $1 and account_id = $2 and point_id = $3
        and ended_at is null and started_at < $4
"""
OF_OWNER = """
    select ap.account_id, ap.point_id from account_point ap
    join metering_point p on p.company_id = ap.company_id and p.id = ap.point_id
    join premises pr on pr.company_id = p.company_id and pr.id = p.premises_id
        and pr.owner_account_id = ap.account_id
    where ap.company_id = $1 and ap.point_id = any($2::int8[]) and ap.account_id <> $3
        and ap.ended_at is null and ap.started_at < $4 and ap.share_ppm = 1000000
"""


class PointElsewhere(Refused):
    """The metering point does not measure the account's premises, or is not in use."""


class PointPaidFor(Refused):
    """Another account pays for the metering point then."""


def check_indexes(points: Mapping[PointId, int], index: str) -> None:
    """Return if indexes of metering points can be. index: what the input calls each.

    :raises InvalidValue: there are too many, or one cannot be
    """
    if len(points) > POINTS_MAX:
        raise InvalidValue("points", expected=f"at most {POINTS_MAX} metering points")
    paths = index_paths(points, index)
    for point_id, index_wh in points.items():
        values.whole_number(index_wh, *paths[point_id], minimum=0, maximum=INDEX_WH_MAX)


def index_paths(points: Iterable[PointId], index: str) -> dict[PointId, tuple[str, ...]]:
    """Return where a list of points in the input gives the index of each."""
    return {point_id: ("points", str(place), index) for place, point_id in enumerate(points)}


async def lock_points(
    connection: Connection,
    company_id: CompanyId,
    premises_id: PremisesId,
    points: Mapping[PointId, int],
) -> None:
    """Keep points as they are: who mounts a meter there meanwhile would not see the account.

    :raises PointElsewhere: one is not of these premises, or not in use
    """
    await submeters.hold_lines(connection, company_id, points)
    found = await connection.fetch(LOCK_POINTS, company_id, list(points))
    fitting = {row["id"] for row in found if row["active"] and row["premises_id"] == premises_id}
    for place, point_id in enumerate(points):
        if point_id not in fitting:
            raise PointElsewhere("points", str(place), "metering_point_id")


async def assign(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    points: Mapping[PointId, int],
    *,
    since: datetime,
) -> None:
    """Let an account pay for points; an owner's that does so for want of another ends there.

    :raises PointPaidFor: another account pays for one of them then
    """
    for row in await connection.fetch(OF_OWNER, company_id, list(points), account_id, since):
        await end(
            connection,
            company_id,
            AccountId(row["account_id"]),
            {row["point_id"]: points[row["point_id"]]},
            at=since,
        )
    for place, (point_id, index_wh) in enumerate(points.items()):
        try:
            await connection.execute(ASSIGN, company_id, account_id, point_id, since, index_wh)
        except asyncpg.ExclusionViolationError as error:
            raise PointPaidFor("points", str(place), "metering_point_id") from error


async def end(
    connection: Connection,
    company_id: CompanyId,
    account_id: AccountId,
    points: Mapping[PointId, int],
    *,
    at: datetime,
) -> None:
    """Let an account pay for points no longer."""
    for point_id, index_wh in points.items():
        await connection.execute(END, company_id, account_id, point_id, at, index_wh)


async def begin_terms(
    connection: Connection,
    company_id: CompanyId,
    points: Mapping[PointId, int],
    *,
    at: datetime,
    course: Course,
    at_path: str,
    paths: Mapping[PointId, tuple[str, ...]],
    now: datetime,
) -> None:
    """Charge the meters of points up to their indexes, and from there on by who pays then.

    paths: where the input gives each index. Who pays is written already. The meters come in the
    order in which ingest locks them.

    :raises AlreadyBilled, IndexOutOfRange, IndexContradicts, IndexFell, IndexImplausible: an index
        cannot be true, or comes too late
    """
    for mounting in await connection.fetch(MOUNTED, company_id, list(points), at):
        was_there = mounting["started_at"] <= at
        claim = Claim(
            at=at if was_there else mounting["started_at"],
            index_wh=points[mounting["point_id"]] if was_there else mounting["initial_index_wh"],
            course=course,
            at_path=(at_path,),
            index_path=paths[mounting["point_id"]],
        )
        await billing.begin_terms(
            connection,
            company_id=company_id,
            meter_id=MeterId(mounting["meter_id"]),
            claim=claim,
            now=now,
        )

"""Supplies that several accounts pay for at the same time, each its share of the energy.

Who pays changes at an instant and an index, as with every assignment; the accounts of a sharing
begin and end it together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from db import access
from db.access import Connection
from db.ids import AccountId, CompanyId, PointId
from domain import rows, values
from domain.accounts import assignments, shares
from domain.accounts.suspension import AccountClosed
from domain.billing import submeters
from domain.billing.portions import WHOLE_PPM
from domain.metering.mountings import INDEX_WH_MAX
from domain.metering.rules import Course
from domain.refusals import InvalidValue, NotThere, ParentInactive, Refused
from domain.tariffs.deductible import check_deductible

# Each of them is priced with every reading.
SHARERS_MAX = 20

HOLD_PREMISES = """
    select from premises where company_id = $1 and id in (
        select premises_id from account where company_id = $1 and id = any($2::int8[])
        union select premises_id from metering_point where company_id = $1 and id = $3)
    order by id for share
"""
HOLD_ACCOUNTS = """
    select a.id, a.opened_at, a.closed_at, p.field_id from account a
    join premises p on p.company_id = a.company_id and p.id = a.premises_id
    where a.company_id = $1 and a.id = any($2::int8[]) order by a.id for share of a
"""
POINT = """
    select m.active, p.field_id from metering_point m
    join premises p on p.company_id = m.company_id and p.id = m.premises_id
    where m.company_id = $1 and m.id = $2
"""


class SharesNotWhole(Refused):
    """The shares come to the fact `total` millionths, and not to the whole."""


class AccountElsewhere(Refused):
    """The account is of premises in another field than the metering point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """Who pays for a point from an instant on.

    since: UTC. index_wh: the total register then, on the meter's side of the multiplier; 0 without
    a meter. rolled_over: whether it may have started again at zero since it was last read.
    shares_ppm: in millionths, a million in all; of one account where nobody shares any more.
    """

    since: datetime
    index_wh: int
    rolled_over: bool = False
    shares_ppm: Mapping[AccountId, int]


async def share(
    *,
    company_id: CompanyId,
    point_id: PointId,
    expected_version: int,
    sharing: Sharing,
    now: datetime,
) -> PointId:
    """Let accounts pay for a point together from an instant on; who paid until then does no more.

    The accounts may be of any premises of the point's field. Repeating it changes nothing.

    :raises SharesNotWhole, AccountElsewhere, AccountClosed, PointPaidFor, ParentInactive,
        StaleVersion, NotThere, InTheFuture, InvalidValue, NotDeductible, SharedAbove,
        RegistersShared, AlreadyBilled, IndexOutOfRange, IndexContradicts, IndexFell,
        IndexImplausible: nothing was written
    """
    _check(sharing, now=now)
    async with access.tenant(company_id) as connection:
        await _hold(connection, company_id, point_id, sharing)
        paying = await shares.paying(connection, company_id, point_id)
        if _is_so_already(paying, sharing):
            return point_id
        begun = max((row["started_at"] for row in paying), default=None)
        if begun is not None and sharing.since <= begun:
            raise InvalidValue("starts_at", expected=f"later than {begun.isoformat()}")
        await rows.change(
            connection,
            "metering_point",
            company_id=company_id,
            row_id=point_id,
            expected_version=expected_version,
            changes={},
        )
        await _change_payers(connection, company_id, point_id, sharing, now=now)
    return point_id


def _check(sharing: Sharing, *, now: datetime) -> None:
    values.past(sharing.since, "starts_at", now=now)
    values.whole_number(sharing.index_wh, "index", minimum=0, maximum=INDEX_WH_MAX)
    if not 1 <= len(sharing.shares_ppm) <= SHARERS_MAX:
        raise InvalidValue("shares", expected=f"1 to {SHARERS_MAX} accounts")
    for place, share_ppm in enumerate(sharing.shares_ppm.values()):
        path = ("shares", str(place), "parts_per_million")
        values.whole_number(share_ppm, *path, minimum=1, maximum=WHOLE_PPM)
    total = sum(sharing.shares_ppm.values())
    if total != WHOLE_PPM:
        raise SharesNotWhole("shares", total=total)


async def _hold(
    connection: Connection, company_id: CompanyId, point_id: PointId, sharing: Sharing
) -> None:
    """Keep accounts open, the point in use, and all of them in the field where they are."""
    account_ids = list(sharing.shares_ppm)
    await connection.execute(HOLD_PREMISES, company_id, account_ids, point_id)
    found = await connection.fetch(HOLD_ACCOUNTS, company_id, account_ids)
    await submeters.hold_lines(connection, company_id, [point_id])
    point = await connection.fetchrow(POINT, company_id, point_id)
    accounts = {row["id"]: row for row in found}
    if point is None or accounts.keys() != set(account_ids):
        raise NotThere
    if not point["active"]:
        raise ParentInactive("id")
    for place, account_id in enumerate(account_ids):
        account, path = accounts[account_id], ("shares", str(place), "account_id")
        if account["field_id"] != point["field_id"]:
            raise AccountElsewhere(*path)
        if account["closed_at"] is not None:
            raise AccountClosed(*path)
        if sharing.since < account["opened_at"]:
            opened_at = account["opened_at"].isoformat()
            raise InvalidValue("starts_at", expected=f"not before {opened_at}")


def _is_so_already(paying: list[asyncpg.Record], sharing: Sharing) -> bool:
    is_since = all(
        (row["started_at"], row["opening_index_wh"]) == (sharing.since, sharing.index_wh)
        for row in paying
    )
    return is_since and {row["account_id"]: row["share_ppm"] for row in paying} == dict(
        sharing.shares_ppm
    )


async def _change_payers(
    connection: Connection,
    company_id: CompanyId,
    point_id: PointId,
    sharing: Sharing,
    *,
    now: datetime,
) -> None:
    points = {point_id: sharing.index_wh}
    async with submeters.settled(
        connection,
        company_id=company_id,
        point_ids=points,
        since=sharing.since,
        path=("starts_at",),
        now=now,
    ):
        await shares.write(
            connection,
            company_id,
            point_id,
            sharing.shares_ppm,
            at=sharing.since,
            index_wh=sharing.index_wh,
        )
        await assignments.begin_terms(
            connection,
            company_id,
            points,
            at=sharing.since,
            course=Course.ROLLING if sharing.rolled_over else Course.STEADY,
            at_path="starts_at",
            paths={point_id: ("index",)},
            now=now,
        )
    await check_deductible(connection, company_id, [point_id], "shares", since=sharing.since)

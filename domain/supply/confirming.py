"""What is confirmed of meters' supply, and telling subscribers when theirs goes off or comes back.

Not here: deciding about supply, and commanding it.
"""

from collections.abc import Sequence
from datetime import datetime

from db import access
from db.access import Connection
from db.enums import Supply
from db.ids import CompanyId, MeterId
from domain import values
from domain.accounts.queries import Standing, standings
from domain.listing import no_wall
from domain.messages.facts import CutOff, Facts, Money, Reconnection
from domain.messages.payers import Payer, payers_of, tell
from domain.money import major
from domain.refusals import InvalidValue

ACCOUNTS = """
    select distinct ap.account_id
    from mounting mo
    join metering_point p on p.company_id = mo.company_id and p.id = mo.point_id
        and p.role in ('BILLING', 'COMMON_AREA')
    join account_point ap on ap.company_id = mo.company_id and ap.point_id = mo.point_id
    where mo.company_id = $1 and mo.meter_id = $2
        and tstzrange(mo.started_at, mo.ended_at) @> $3::timestamptz
        and tstzrange(ap.started_at, ap.ended_at) @> $3::timestamptz
    order by ap.account_id
"""
# Two meters of one account change one after another: the second sees what the first became.
LOCK_ACCOUNTS = """
    select id from account where company_id = $1 and id = any($2::int8[])
    order by id for no key update
"""
# What was confirmed later stays: news of devices come in any order.
CONFIRM = """
    update meter set supply = $3, supply_confirmed_at = $4, version = version + 1
    where company_id = $1 and id = $2 and supply is distinct from $3
        and (supply_confirmed_at is null or supply_confirmed_at < $4)
    returning true
"""
# The same state again is news of its age alone.
STILL_SO = """
    update meter set supply_confirmed_at = $4
    where company_id = $1 and id = $2 and supply = $3 and supply_confirmed_at < $4
"""


async def record(
    *, company_id: CompanyId, meter_id: MeterId, supply: Supply, seen_at: datetime, now: datetime
) -> MeterId:
    """Note what somebody has seen of a meter's supply, as `confirm`. Repeating changes nothing.

    :raises InvalidValue, InTheFuture: nothing was written
    """
    if supply is Supply.UNKNOWN:
        raise InvalidValue("supply", expected="ON or OFF")
    values.past(seen_at, "seen_at", now=now)
    async with access.tenant(company_id) as connection:
        await confirm(
            connection,
            company_id=company_id,
            meter_id=meter_id,
            supply=supply,
            confirmed_at=seen_at,
            now=now,
        )
    return meter_id


async def confirm(
    connection: Connection,
    *,
    company_id: CompanyId,
    meter_id: MeterId,
    supply: Supply,
    confirmed_at: datetime,
    now: datetime,
) -> bool:
    """Note what reading a meter's relay back, or its load, has shown; return whether it changed.

    Whoever pays for it is told, in the caller's transaction, when the last of an account's
    meters that was on went off, or the first came back. Safe to repeat, and in any order.
    """
    rows = await connection.fetch(ACCOUNTS, company_id, meter_id, now)
    account_ids = [row["account_id"] for row in rows]
    await connection.execute(LOCK_ACCOUNTS, company_id, account_ids)
    before = await _standings(connection, company_id, account_ids, now)
    which = (company_id, meter_id, supply, confirmed_at)
    if not await connection.fetchval(CONFIRM, *which):
        await connection.execute(STILL_SO, *which)
        return False
    after = await _standings(connection, company_id, account_ids, now)
    payers = await payers_of(connection, company_id=company_id, account_ids=account_ids)
    for account_id in account_ids:
        if before[account_id].is_without_supply is not after[account_id].is_without_supply:
            facts = _facts(payers[account_id], after[account_id], confirmed_at)
            payer = payers[account_id]
            await tell(connection, company_id=company_id, payer=payer, facts=facts, now=now)
    return True


async def _standings(
    connection: Connection, company_id: CompanyId, account_ids: Sequence[int], now: datetime
) -> dict[int, Standing]:
    wall = no_wall(company_id=company_id, now=now)
    return await standings(connection, account_ids, wall=wall)


def _facts(payer: Payer, standing: Standing, at: datetime) -> Facts:
    balance = Money(standing.balance, standing.currency)
    if not standing.is_without_supply:
        return Reconnection(
            account=payer.account_number, balance=balance, at=at, needs_button=False
        )
    needed_micro = standing.smallest_top_up_micro
    return CutOff(
        account=payer.account_number,
        balance=balance,
        at=at,
        smallest_top_up=(
            None if needed_micro is None else Money(major(needed_micro), standing.currency)
        ),
    )

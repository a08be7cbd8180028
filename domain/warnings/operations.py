"""Looking at accounts whose balance crossed a mark, or whose limits changed.

They are warned, and the marks are set at which to look again. Not here: cutting off, and supply.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db import access
from db.access import Connection
from db.ids import AccountId, CompanyId
from domain.accounts import outlooks
from domain.accounts.forecasts import Forecast, days_left
from domain.accounts.queries import Standing, standings
from domain.ledger.posting import LOCK_BALANCES
from domain.listing import no_wall
from domain.messages.facts import LowCredit, Money
from domain.messages.payers import payers_of, tell
from domain.money import major
from domain.warnings.rules import NOTHING, Judgement, judged

# In one transaction, and in one run: the rest waits for the next, which is seconds away.
CHUNK = 100
CHUNKS_MAX = 100
COMPANIES_MAX = 1_000

COMPANIES = "select distinct company_id from attention order by 1 limit $1"
WAITING = """
    select account_id from attention where company_id = $1 and account_id > $2
    order by account_id limit $3
"""
TAKE = "delete from attention where company_id = $1 and account_id = any($2::int8[])"
WARNED_BEFORE = """
    select account_id from account_warning where company_id = $1 and account_id = any($2::int8[])
"""
MARK = """
    update account_balance b set wake_below_micro = m.below, wake_above_micro = m.above
    from unnest($2::int8[], $3::int8[], $4::int8[]) m (account_id, below, above)
    where b.company_id = $1 and b.account_id = m.account_id
        and (b.wake_below_micro, b.wake_above_micro) is distinct from (m.below, m.above)
"""
WARNED = """
    insert into account_warning (company_id, account_id, warned_at)
    select $1, account_id, $3 from unnest($2::int8[]) account_id
"""
RECOVERED = "delete from account_warning where company_id = $1 and account_id = any($2::int8[])"


@dataclass(frozen=True, slots=True)
class _Account:
    """An account that is looked at. was_warned: and had not recovered."""

    id: AccountId
    standing: Standing
    was_warned: bool
    judgement: Judgement


async def attend(*, now: datetime) -> int:
    """Look at accounts that need it, up to 10,000 of a company, and return how many were warned.

    Each is warned once for each fall below its limit, however often this is repeated.
    """
    async with access.system() as connection:
        rows = await connection.fetch(COMPANIES, COMPANIES_MAX)
    return sum([await _attend_company(CompanyId(row["company_id"]), now) for row in rows])


async def _attend_company(company_id: CompanyId, now: datetime) -> int:
    warned, after = 0, 0
    for _ in range(CHUNKS_MAX):
        async with access.tenant(company_id) as connection:
            waiting = await connection.fetch(WAITING, company_id, after, CHUNK)
            ids = [row["account_id"] for row in waiting]
            warned += await _look_at(connection, company_id, ids, now)
        if len(ids) < CHUNK:
            break
        after = ids[-1]
    return warned


async def _look_at(
    connection: Connection, company_id: CompanyId, ids: list[int], now: datetime
) -> int:
    if not ids:
        return 0
    # Whoever charges locks balances first, too, and asks for attention then.
    await connection.execute(LOCK_BALANCES, company_id, ids)
    # What crosses from here on asks anew.
    await connection.execute(TAKE, company_id, ids)
    wall = no_wall(company_id=company_id, now=now)
    found = await standings(connection, ids, wall=wall)
    before = await connection.fetch(WARNED_BEFORE, company_id, ids)
    warned_before = {row["account_id"] for row in before}
    accounts = [_judged(AccountId(one), found[one], one in warned_before) for one in ids]
    await _keep(connection, company_id, accounts, now)
    warned: dict[int, Standing] = {one.id: one.standing for one in accounts if one.judgement.warns}
    ahead = await outlooks.forecasts(connection, warned, wall=wall)
    payers = await payers_of(connection, company_id=company_id, account_ids=warned)
    for account_id, standing in warned.items():
        payer = payers[account_id]
        facts = _facts(payer.account_number, standing, ahead.get(account_id), now)
        await tell(connection, company_id=company_id, payer=payer, facts=facts, now=now)
    return len(warned)


def _judged(account_id: AccountId, standing: Standing, was_warned: bool) -> _Account:
    judgement = NOTHING
    if standing.is_watched:
        judgement = judged(
            balance_micro=standing.balance_micro,
            limits=standing.limits,
            margin_micro=standing.margin_micro,
            is_warned=was_warned,
        )
    return _Account(account_id, standing, was_warned, judgement)


async def _keep(
    connection: Connection, company_id: CompanyId, accounts: Sequence[_Account], now: datetime
) -> None:
    """Keep who is warned now and who is not any more, and when to look again."""
    warned = [one.id for one in accounts if one.judgement.warns]
    recovered = [one.id for one in accounts if one.was_warned and not one.judgement.is_warned]
    await connection.execute(RECOVERED, company_id, recovered)
    await connection.execute(WARNED, company_id, warned, now)
    marks = [one.judgement.marks for one in accounts]
    await connection.execute(
        MARK,
        company_id,
        [one.id for one in accounts],
        [one.wake_below_micro for one in marks],
        [one.wake_above_micro for one in marks],
    )


def _facts(number: str, standing: Standing, ahead: Forecast | None, now: datetime) -> LowCredit:
    runs_out_at = None if ahead is None else ahead.runs_out_at

    def money(amount_micro: int | None) -> Money | None:
        return None if amount_micro is None else Money(major(amount_micro), standing.currency)

    return LowCredit(
        account=number,
        balance=Money(standing.balance, standing.currency),
        as_of=standing.as_of,
        is_used_up=standing.is_used_up,
        daily_use=money(None if ahead is None else ahead.daily_use_micro),
        days_left=None if runs_out_at is None else days_left(runs_out_at, now=now),
        runs_out_at=None if standing.is_used_up else runs_out_at,
        smallest_top_up=money(standing.smallest_top_up_micro),
    )

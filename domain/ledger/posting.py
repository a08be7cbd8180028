"""The one door to the books: transactions, their entries, and what follows from them.

All in the caller's transaction. Not here: why something is posted.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import asyncpg

from db.access import Connection
from db.enums import JournalKind
from db.ids import CompanyId, JournalId
from domain.billing.accrual import ALL_PROJECTIONS, balances_changed
from domain.ledger.rules import PURCHASES, Line, Posting, check_all
from domain.listing import Record
from domain.metering.stays import STAY
from domain.money import micro
from domain.refusals import NotThere, Refused

POSTINGS_MAX = 1_000

Side: TypeAlias = tuple[str, int | None, str | None]
"""Kind, account and code."""

# In the order in which everybody locks balances.
LOCK_BALANCES = """
    select account_id from account_balance
    where company_id = $1 and account_id = any($2::int8[]) order by account_id for no key update
"""
SIDES = """
    select id, kind, account_id, code, currency from ledger_account
    where company_id = $1 and account_id = any($2::int8[])
    union all
    select id, kind, account_id, code, currency from ledger_account
    where company_id = $1 and account_id is null and kind = any($3::text[])
"""
MAKE_SIDES = """
    insert into ledger_account (company_id, kind, account_id, code, currency)
    select c.id, side.kind, side.account_id, side.code, c.currency
    from company c, unnest($2::text[], $3::int8[], $4::text[]) side (kind, account_id, code)
    where c.id = $1
    order by side.kind, side.account_id, side.code
    for key share of c -- its currency stays, or is settled first
    on conflict do nothing
"""
MADE_BEFORE = """
    select asked.number, j.id, j.request_hash
    from unnest($2::text[], $3::text[]) with ordinality asked (kind, key, number)
    join journal j on j.company_id = $1 and j.kind = asked.kind and j.idempotency_key = asked.key
"""
# Where a line's account was on the transaction's day: premises that moved were elsewhere before.
FIELD_THEN = f"""(
            select coalesce(stay.field_id, p.field_id)
            from account o
            join premises p on p.company_id = o.company_id and p.id = o.premises_id
            {STAY.format(day="m.local_date")}
            where o.company_id = $2 and o.id = l.account_id)"""
# The company's own lines count for the field of the transaction's first account.
# Transactions whose key is taken make no lines, and so no entries and no changes.
POST = f"""
    with asked as (
        select * from unnest($3::text[], $4::text[], $5::bytea[], $6::timestamptz[], $7::date[],
            $8::int8[], $9::text[]) with ordinality
            a (kind, key, request_hash, occurred_at, energy_date, corrects, reason, number)
    ), made as (
        insert into journal (company_id, kind, idempotency_key, request_hash, occurred_at,
            local_date, energy_date, corrects, reason)
        select $2, a.kind, a.key, a.request_hash, a.occurred_at,
            (a.occurred_at at time zone c.time_zone)::date, a.energy_date, a.corrects, a.reason
        from company c, asked a where c.id = $2 order by a.kind, a.key
        on conflict (company_id, kind, idempotency_key) do nothing
        returning id, kind, idempotency_key as key, local_date
    ), unsummed as (
        insert into unsummed_journal (company_id, journal_id) select $2, id from made
    ), bought as (
        insert into purchase_due (company_id, journal_id, due_at)
        select $2, id, $1 from made
        where kind in ({", ".join(f"'{kind}'" for kind in sorted(PURCHASES))})
    ), line as (
        select m.id as journal_id, a.occurred_at, l.*, {FIELD_THEN} as field_id
        from unnest($10::int8[], $11::int2[], $12::int8[], $13::text[], $14::text[], $15::int8[],
            $16::int8[], $17::bool[])
            l (number, line, ledger_account_id, currency, side, account_id, amount_micro, moves)
        join asked a on a.number = l.number
        join made m on m.kind = a.kind and m.key = a.key
    ), entries as (
        insert into entry (company_id, journal_id, line, ledger_account_id, account_id, amount,
            currency, occurred_at, field_id)
        select $2, journal_id, line, ledger_account_id, account_id, amount_micro * 0.000001,
            currency, occurred_at, coalesce(field_id, first_value(field_id) over (
                partition by journal_id order by field_id is null, line))
        from line
    ), {
    balances_changed(
        '''
        select $2::int4 as company_id, account_id,
            coalesce(sum(amount_micro) filter (where side = 'CREDIT'), 0)::int8 as balance_micro,
            coalesce(-sum(amount_micro) filter (where side = 'DEBT'), 0)::int8 as debt_micro,
            coalesce(-sum(amount_micro) filter (where side = 'EMERGENCY_CREDIT'), 0)::int8
                as emergency_used_micro,
            coalesce(sum(amount_micro) filter (where side = 'IN_FLIGHT'), 0)::int8
                as in_flight_micro
        from line where moves group by account_id
        ''',
        ALL_PROJECTIONS,
    )
}
    select a.number, m.id from made m join asked a on a.kind = m.kind and a.key = m.key
"""


class IdempotencyConflict(Refused):
    """The idempotency key was used before, for something else."""

    def __init__(self) -> None:
        super().__init__("idempotency_key")


@dataclass(frozen=True, slots=True)
class Posted:
    """A transaction that is in the books; is_new: since now."""

    journal_id: JournalId
    is_new: bool


async def post(connection: Connection, posting: Posting, *, now: datetime) -> JournalId:
    """Post a transaction; see `post_all`."""
    (posted,) = await post_all(connection, [posting], now=now)
    return posted.journal_id


async def post_all(
    connection: Connection, postings: Sequence[Posting], *, now: datetime
) -> list[Posted]:
    """Post transactions of one company, up to 1,000 at a time, each at most once per key.

    Locks the balances that they move in the order of the accounts. Who changes an account in other
    ways too locks its balance first. Repeating returns the transactions that were made before.

    :raises IdempotencyConflict: a key was used before, for something else
    :raises NotThere: the company has no such account, or no such transaction to correct
    :raises ValueError: the books cannot take one of them
    """
    if not 1 <= len(postings) <= POSTINGS_MAX:
        raise ValueError(f"{len(postings)} postings; expected 1 to {POSTINGS_MAX}")
    company_id = check_all(postings)
    sides = await _sides(connection, company_id, postings)
    # Last, for whoever moves these accounts as well waits from here until the end.
    await _lock(connection, company_id, postings)
    made = await _write(connection, company_id, postings, sides, now)
    known = {} if len(made) == len(postings) else await _known(connection, company_id, postings)
    return [
        Posted(made[number], True) if number in made else Posted(known[number], False)
        for number in range(len(postings))
    ]


async def made_before(
    connection: Connection,
    *,
    company_id: CompanyId,
    kind: JournalKind,
    idempotency_key: str,
    request: str,
) -> JournalId | None:
    """Return the transaction that was made with a key, for those whose lines cost work.

    :raises IdempotencyConflict: it was made for something else
    """
    row = await connection.fetchrow(MADE_BEFORE, company_id, [kind], [idempotency_key])
    return None if row is None else _same(row, request)


async def _lock(connection: Connection, company_id: CompanyId, postings: Sequence[Posting]) -> None:
    accounts = {line.account_id for p in postings for line in p.lines if p.moves(line)}
    if not accounts:
        return
    locked = await connection.fetch(LOCK_BALANCES, company_id, list(accounts))
    if len(locked) < len(accounts):
        raise NotThere("account_id")


async def _sides(
    connection: Connection, company_id: CompanyId, postings: Sequence[Posting]
) -> dict[Side, Record]:
    """Return the ledger accounts of all lines; those that are missing are made."""
    needed = {_side(line) for posting in postings for line in posting.lines}
    found = await _find_sides(connection, company_id, needed)
    missing = needed - found.keys()
    if not missing:
        return found
    kinds, accounts, codes = zip(*missing, strict=True)
    try:
        await connection.execute(MAKE_SIDES, company_id, kinds, accounts, codes)
    except asyncpg.ForeignKeyViolationError as error:
        raise NotThere("account_id") from error
    found = await _find_sides(connection, company_id, needed)
    if needed - found.keys():
        raise NotThere
    return found


async def _find_sides(
    connection: Connection, company_id: CompanyId, needed: set[Side]
) -> dict[Side, Record]:
    accounts = {account_id for _, account_id, _ in needed if account_id is not None}
    kinds = {kind for kind, account_id, _ in needed if account_id is None}
    rows = await connection.fetch(SIDES, company_id, list(accounts), list(kinds))
    return {(row["kind"], row["account_id"], row["code"]): row for row in rows}


def _side(line: Line) -> Side:
    return (str(line.side), line.account_id, line.code)


async def _write(
    connection: Connection,
    company_id: CompanyId,
    postings: Sequence[Posting],
    sides: dict[Side, Record],
    now: datetime,
) -> dict[int, JournalId]:
    """Write what is new; return its transactions by their places among the postings."""
    lines = [
        (
            number,
            place,
            sides[_side(line)]["id"],
            sides[_side(line)]["currency"],
            line.side,
            line.account_id,
            micro(line.amount),
            posting.moves(line),
        )
        for number, posting in enumerate(postings, start=1)
        for place, line in enumerate(posting.lines, start=1)
    ]
    arguments = [
        now,
        company_id,
        [p.kind for p in postings],
        [p.idempotency_key for p in postings],
        [hash_of(p.request) for p in postings],
        [p.occurred_at for p in postings],
        [p.energy_date for p in postings],
        [p.corrects for p in postings],
        [p.reason for p in postings],
        *zip(*lines, strict=True),
    ]
    try:
        rows = await connection.fetch(POST, *arguments)
    except asyncpg.ForeignKeyViolationError as error:
        raise NotThere("corrects") from error
    return {row["number"] - 1: JournalId(row["id"]) for row in rows}


async def _known(
    connection: Connection, company_id: CompanyId, postings: Sequence[Posting]
) -> dict[int, JournalId]:
    rows = await connection.fetch(
        MADE_BEFORE,
        company_id,
        [p.kind for p in postings],
        [p.idempotency_key for p in postings],
    )
    return {row["number"] - 1: _same(row, postings[row["number"] - 1].request) for row in rows}


def _same(row: Record, request: str) -> JournalId:
    if row["request_hash"] != hash_of(request):
        raise IdempotencyConflict
    return JournalId(row["id"])


def hash_of(request: str) -> bytes:
    return hashlib.sha256(request.encode()).digest()

"""Refunds and disputes as rows, and what they take from accounts and give back.

In the caller's transaction, which has the top-up's row locked and brings it up to date after.
"""

from datetime import datetime, timedelta

from db.access import Connection
from db.enums import DisputeState, JournalKind, RefundState
from domain import rows
from domain.listing import Record
from domain.money import major, micro
from domain.topups.booking import Book
from domain.topups.facts import DisputeFact, RefundFact
from domain.topups.rules import (
    Dispute,
    Refund,
    as_requested,
    dispute_lines,
    dispute_merged,
    refund_lines,
    refund_merged,
)

# A refund that succeeded may come back for a month.
REFUND_MAY_FAIL = timedelta(days=35)
LOOK_AT_PENDING_EVERY = timedelta(hours=12)
LOOK_AT_SUCCEEDED_EVERY = timedelta(days=7)
LOOK_AT_DISPUTE_EVERY = timedelta(hours=12)
# Funds are given back some days after a dispute is won.
FUNDS_MAY_MOVE = timedelta(days=180)

REFUND = """
    select * from top_up_refund
    where company_id = $1 and top_up_id = $2 and (refund_key = $3 or reference = $4)
"""
DISPUTE = """
    select * from top_up_dispute where company_id = $1 and top_up_id = $2 and reference = $3
"""


async def note_refund(
    connection: Connection, top_up: Record, fact: RefundFact, now: datetime
) -> bool:
    """Note how a refund is, also one that was made at the provider's own desk."""
    which = (top_up["company_id"], top_up["id"], fact.key, fact.reference)
    row = await connection.fetchrow(REFUND, *which)
    is_new = row is None
    if row is None:
        await rows.insert(
            connection,
            "top_up_refund",
            company_id=top_up["company_id"],
            top_up_id=top_up["id"],
            amount_micro=micro(fact.amount),
            state=RefundState.REQUESTED,
            reference=fact.reference,
            requested_at=fact.at,
        )
        row = await connection.fetchrow(REFUND, *which)
    if row is None:
        raise LookupError(fact.reference)
    known = refund_of(row)
    refund = refund_merged(known if row["reference"] else as_requested(known), fact)
    if refund == known and row["reference"] == fact.reference and not is_new:
        return False
    await book_refund(connection, top_up, row, refund, now, reference=fact.reference)
    return True


async def book_refund(
    connection: Connection,
    top_up: Record,
    row: Record,
    refund: Refund,
    now: datetime,
    *,
    reference: str | None,
) -> None:
    """Take from the account what a refund takes, or give it back."""
    change = refund.taken - major(row["booked_micro"])
    if change:
        book = _book(connection, top_up, f"refund/{row['id']}", row, now)
        lines = refund_lines(top_up["account_id"], change)
        await book.post(JournalKind.REFUND, lines, bought_at=top_up["credited_at"])
    changes = {
        "state": refund.state,
        "amount_micro": micro(refund.amount),
        "failure": refund.failure,
        "reference": row["reference"] or reference,
        "booked_micro": micro(refund.taken),
        "revision": row["revision"] + bool(change),
        "version": row["version"] + 1,
        "look_again_at": _look_at_refund(refund.state, row["requested_at"], now),
    }
    key = {"company_id": row["company_id"], "id": row["id"]}
    await rows.overwrite(connection, "top_up_refund", key=key, changes=changes)


def _look_at_refund(state: RefundState, requested_at: datetime, now: datetime) -> datetime | None:
    match state:
        case RefundState.FAILED:
            return None
        case RefundState.SUCCEEDED:
            again_at = now + LOOK_AT_SUCCEEDED_EVERY
            return again_at if again_at <= requested_at + REFUND_MAY_FAIL else None
        case _:
            return now + LOOK_AT_PENDING_EVERY


async def note_dispute(
    connection: Connection, top_up: Record, fact: DisputeFact, now: datetime
) -> bool:
    """Note how a dispute is, and hold or release what it is about."""
    which = (top_up["company_id"], top_up["id"], fact.reference)
    row = await connection.fetchrow(DISPUTE, *which)
    is_new = row is None
    if row is None:
        await rows.insert(
            connection,
            "top_up_dispute",
            company_id=top_up["company_id"],
            top_up_id=top_up["id"],
            reference=fact.reference,
            amount_micro=micro(fact.amount),
            reason=fact.reason,
            state=DisputeState.OPEN,
            opened_at=fact.at,
        )
        row = await connection.fetchrow(DISPUTE, *which)
    if row is None:
        raise LookupError(fact.reference)
    known = dispute_of(row)
    dispute = dispute_merged(known, fact)
    if dispute == known and not is_new:
        return False
    await _book_dispute(connection, top_up, row, dispute, now)
    return True


async def _book_dispute(
    connection: Connection, top_up: Record, row: Record, dispute: Dispute, now: datetime
) -> None:
    lines = dispute_lines(
        top_up["account_id"],
        held=dispute.held - major(row["booked_held_micro"]),
        gone=dispute.gone - major(row["booked_gone_micro"]),
        fee=dispute.fee - major(row["booked_fee_micro"]),
    )
    if lines:
        book = _book(connection, top_up, f"dispute/{row['id']}", row, now)
        await book.post(JournalKind.DISPUTE, lines, bought_at=top_up["credited_at"])
    changes = {
        "state": dispute.state,
        "withdrawn_micro": micro(dispute.withdrawn),
        "reinstated_micro": micro(dispute.reinstated),
        "fee_micro": micro(dispute.fee),
        "movements": dispute.movements,
        "booked_held_micro": micro(dispute.held),
        "booked_gone_micro": micro(dispute.gone),
        "booked_fee_micro": micro(dispute.fee),
        "revision": row["revision"] + bool(lines),
        "version": row["version"] + 1,
        "look_again_at": _look_at_dispute(dispute, row["opened_at"], now),
    }
    key = {"company_id": row["company_id"], "id": row["id"]}
    await rows.overwrite(connection, "top_up_dispute", key=key, changes=changes)


def _look_at_dispute(dispute: Dispute, opened_at: datetime, now: datetime) -> datetime | None:
    is_over = dispute.state is not DisputeState.OPEN and dispute.withdrawn == (
        dispute.reinstated if dispute.state is DisputeState.WON else dispute.amount
    )
    is_old = now > opened_at + FUNDS_MAY_MOVE
    return None if is_over or is_old else now + LOOK_AT_DISPUTE_EVERY


def _book(connection: Connection, top_up: Record, name: str, row: Record, now: datetime) -> Book:
    company_id, account_id = top_up["company_id"], top_up["account_id"]
    return Book(connection, company_id, account_id, name, row["revision"], now)


def refund_of(row: Record) -> Refund:
    return Refund(
        state=RefundState(row["state"]),
        amount=major(row["amount_micro"]),
        failure=row["failure"],
    )


def dispute_of(row: Record) -> Dispute:
    return Dispute(
        state=DisputeState(row["state"]),
        amount=major(row["amount_micro"]),
        withdrawn=major(row["withdrawn_micro"]),
        reinstated=major(row["reinstated_micro"]),
        fee=major(row["fee_micro"]),
        movements=row["movements"],
    )

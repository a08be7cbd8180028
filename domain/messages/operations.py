"""Messages that wait, claimed by whoever sends them.

Every message is sent once or more, always under the same id, and what became of it is kept. Not
here: what it says, and what comes back of those that were sent.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from db import access
from db.enums import MessageChannel, MessageKind, MessageState
from db.ids import AccountId, CompanyId, MessageId, SubscriberId, UserId

CLAIM_MAX = 5
ATTEMPTS_MAX = 8
# Whoever claims messages and dies leaves them for this long.
LEASE = timedelta(minutes=2)
FIRST_PAUSE = timedelta(seconds=30)
PAUSE_MAX = timedelta(hours=4)
# How much longer a pause may be, so that what failed together does not come back together.
JITTER = 0.2
SAID_CHARACTERS_MAX = 300
ADDRESS = re.compile(r"[^\s<>\"']*@[^\s<>\"']*")

CLAIM = """
    update message set attempts = attempts + 1, next_attempt_at = $1::timestamptz + $2::interval
    where (company_id, id) in (
        select company_id, id from message
        where state = 'WAITING' and next_attempt_at <= $1 and channel = $4
        order by next_attempt_at, id limit $3 for update skip locked
    )
    returning company_id, id, channel, kind, user_id, subscriber_id, account_id, reference_id,
        facts, sealed, locale, attempts, created_at
"""
END = """
    with ended as (
        update message set state = $3, ended_at = $4::timestamptz, failure = $5, sealed = null,
            sent_at = case when $3 = 'SENT' then $4::timestamptz end, reply = $6, provider_id = $7,
            recipient = coalesce($8, recipient), body = coalesce($9, body)
        where company_id = $1 and id = $2 and state = 'WAITING'
        returning company_id, id, attempts
    )
    insert into message_event (company_id, message_id, at, state, attempt, detail)
    select company_id, id, $4::timestamptz, $3, attempts, coalesce($5, $6) from ended
"""
AGAIN = """
    with kept as (
        update message set next_attempt_at = $3, failure = $4
        where company_id = $1 and id = $2 and state = 'WAITING'
        returning company_id, id, attempts
    )
    insert into message_event (company_id, message_id, at, state, attempt, detail)
    select company_id, id, $5, 'WAITING', attempts, $4 from kept
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A message that was claimed. reference_id: what it is about. attempts: counting this one.

    user_id, subscriber_id: who gets it, unless `sealed` says to what address it goes.
    facts: what it tells, as JSON; None where that is found out when it is sent.
    """

    company_id: CompanyId
    id: MessageId
    channel: MessageChannel
    kind: MessageKind
    user_id: UserId | None
    subscriber_id: SubscriberId | None
    account_id: AccountId | None
    reference_id: int | None
    facts: dict[str, Any] | None
    sealed: bytes | None
    locale: str
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """What whoever took a message answered. provider_id: what they call it."""

    reply: str | None = None
    provider_id: str | None = None


NOTHING_SAID = Receipt()


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a message that went to a subscriber, sealed under the person's key."""

    recipient: bytes
    body: bytes


async def claim(*, channel: MessageChannel, now: datetime) -> list[Waiting]:
    """Return messages of a channel that are due, which nobody else gets for two minutes."""
    async with access.system() as connection:
        rows = await connection.fetch(CLAIM, now, LEASE, CLAIM_MAX, channel)
    return [
        Waiting(
            **{
                **row,
                "channel": MessageChannel(row["channel"]),
                "kind": MessageKind(row["kind"]),
                "facts": None if row["facts"] is None else orjson.loads(row["facts"]),
            }
        )
        for row in rows
    ]


async def sent(
    message: Waiting, receipt: Receipt = NOTHING_SAID, *, kept: Kept | None = None, now: datetime
) -> None:
    """Note that somebody took a message, and what they said."""
    await _end(message, MessageState.SENT, receipt=receipt, kept=kept, now=now)


async def drop(message: Waiting, *, now: datetime) -> None:
    """Forget a message that nobody has to get any more."""
    await _end(message, MessageState.DROPPED, now=now)


async def fail(
    message: Waiting, reason: str, *, again: bool, now: datetime, chance: float = 0.0
) -> bool:
    """Try again later, unless that cannot help or was done eight times; return whether it will.

    chance: from 0 to 1, by which the pause gets a little longer.
    """
    shown = said(reason)
    if not again or message.attempts >= ATTEMPTS_MAX:
        await _end(message, MessageState.FAILED, now=now, failure=shown)
        return False
    due_at = now + pause_after(message.attempts, chance=chance)
    async with access.system() as connection:
        await connection.execute(AGAIN, message.company_id, message.id, due_at, shown, now)
    return True


def pause_after(attempts: int, *, chance: float = 0.0) -> timedelta:
    """Return how long to wait after so many attempts: twice as long each time, up to 4 h.

    chance: from 0 to 1; with 1, a fifth longer.
    """
    pause: timedelta = min(FIRST_PAUSE * 2 ** (attempts - 1), PAUSE_MAX)
    return pause * (1 + JITTER * chance)


def said(text: str) -> str:
    """Return what is kept of what a server says: without addresses, which name people."""
    return ADDRESS.sub("…", text).replace("\0", "")[:SAID_CHARACTERS_MAX]


async def _end(
    message: Waiting,
    state: MessageState,
    *,
    now: datetime,
    failure: str | None = None,
    receipt: Receipt = NOTHING_SAID,
    kept: Kept | None = None,
) -> None:
    async with access.system() as connection:
        await connection.execute(
            END,
            message.company_id,
            message.id,
            state,
            now,
            failure,
            None if receipt.reply is None else said(receipt.reply),
            receipt.provider_id,
            None if kept is None else kept.recipient,
            None if kept is None else kept.body,
        )

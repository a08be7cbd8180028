"""The queue of mail: written with what it tells of, and claimed by whoever sends it.

Every letter is sent once or more, always under the same Message-ID. Not here: what it says.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from db import access
from db.access import Connection
from db.enums import MessageKind
from db.ids import CompanyId, MessageId, UserId

PLATFORM = CompanyId(0)
CLAIM_MAX = 5
ATTEMPTS_MAX = 8
# Whoever claims mail and dies leaves it for this long.
LEASE = timedelta(minutes=2)
FIRST_PAUSE = timedelta(seconds=30)
PAUSE_MAX = timedelta(hours=4)
FAILURE_CHARACTERS_MAX = 300

PUT = """
    insert into mail (company_id, id, kind, user_id, reference_id, sealed, locale,
        next_attempt_at, created_at)
    values ($1, coalesce($2::int8, nextval('id_sequence')), $3, $4, $5, $6, $7, $8, $8)
"""
CLAIM = """
    update mail set attempts = attempts + 1, next_attempt_at = $1::timestamptz + $2::interval
    where (company_id, id) in (
        select company_id, id from mail where state = 'WAITING' and next_attempt_at <= $1
        order by next_attempt_at, id limit $3 for update skip locked
    )
    returning company_id, id, kind, user_id, reference_id, sealed, locale, attempts, created_at
"""
END = """
    update mail set state = $3, ended_at = $4, failure = $5, sealed = null
    where company_id = $1 and id = $2 and state = 'WAITING'
"""
AGAIN = """
    update mail set next_attempt_at = $3, failure = $4
    where company_id = $1 and id = $2 and state = 'WAITING'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Mail that was claimed. user_id: who gets it, unless `sealed` says to what address it goes.

    reference_id: what it is about. attempts: counting this one.
    """

    company_id: CompanyId
    id: MessageId
    kind: MessageKind
    user_id: UserId | None
    reference_id: int | None
    sealed: bytes | None
    locale: str
    attempts: int
    created_at: datetime


async def put(
    connection: Connection,
    *,
    company_id: CompanyId,
    kind: MessageKind,
    locale: str,
    now: datetime,
    message_id: MessageId | None = None,
    user_id: UserId | None = None,
    reference_id: int | None = None,
    sealed: bytes | None = None,
) -> None:
    """Queue mail in the transaction that does what it tells of."""
    await connection.execute(
        PUT, company_id, message_id, kind, user_id, reference_id, sealed, locale, now
    )


async def claim(*, now: datetime) -> list[Waiting]:
    """Return mail that is due, which nobody else gets for two minutes."""
    async with access.system() as connection:
        rows = await connection.fetch(CLAIM, now, LEASE, CLAIM_MAX)
    return [Waiting(**{**row, "kind": MessageKind(row["kind"])}) for row in rows]


async def sent(mail: Waiting, *, now: datetime) -> None:
    await _end(mail, "SENT", now=now)


async def drop(mail: Waiting, *, now: datetime) -> None:
    """Forget mail that nobody has to get any more."""
    await _end(mail, "DROPPED", now=now)


async def fail(mail: Waiting, reason: str, *, again: bool, now: datetime) -> bool:
    """Try again later, unless that cannot help or was done eight times; return whether it will."""
    shown = reason[:FAILURE_CHARACTERS_MAX].replace("\0", "")
    if not again or mail.attempts >= ATTEMPTS_MAX:
        await _end(mail, "FAILED", now=now, failure=shown)
        return False
    async with access.system() as connection:
        await connection.execute(
            AGAIN, mail.company_id, mail.id, now + pause_after(mail.attempts), shown
        )
    return True


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: twice as long each time, up to 4 h."""
    pause: timedelta = FIRST_PAUSE * 2 ** (attempts - 1)
    return min(pause, PAUSE_MAX)


async def _end(mail: Waiting, state: str, *, now: datetime, failure: str | None = None) -> None:
    async with access.system() as connection:
        await connection.execute(END, mail.company_id, mail.id, state, now, failure)

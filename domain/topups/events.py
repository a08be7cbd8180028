"""What providers tell of their own accord: kept first, acknowledged, and worked on after."""

import logging
from datetime import datetime, timedelta

from db import access
from db.access import DatabaseUnavailable
from domain.listing import Record
from domain.topups.applying import UnknownPayment, apply
from domain.topups.gateway import Gateways, ProviderEvent

CLAIM_MAX = 50
LEASE = timedelta(minutes=1)
FIRST_PAUSE = timedelta(seconds=5)
PAUSE_MAX = timedelta(hours=4)
# Some two days: what an event missed by then, the nightly comparison has found.
ATTEMPTS_MAX = 20
KEPT = timedelta(days=90)
FORGET_MAX = 5_000
FAILURE_CHARACTERS_MAX = 300

log = logging.getLogger(__name__)

KEEP = """
    insert into webhook_event (provider, event_id, kind, occurred_at, received_at, body,
        next_attempt_at)
    values ($1, $2, $3, $4, $5, $6, $5)
    on conflict do nothing returning true
"""
CLAIM = """
    update webhook_event set attempts = attempts + 1,
        next_attempt_at = $1::timestamptz + $2::interval
    where (provider, event_id) in (
        select provider, event_id from webhook_event
        where state = 'WAITING' and next_attempt_at <= $1
        order by next_attempt_at, received_at limit $3 for update skip locked
    )
    returning provider, event_id, kind, body, attempts, occurred_at, received_at
"""
END = """
    update webhook_event set state = $3, failure = $4 where provider = $1 and event_id = $2
"""
AGAIN = """
    update webhook_event set next_attempt_at = $3, failure = $4
    where provider = $1 and event_id = $2
"""
FORGET = """
    delete from webhook_event where (provider, event_id) in (
        select provider, event_id from webhook_event
        where received_at < $1 and state <> 'WAITING' order by received_at limit $2
    )
"""


async def keep(*, provider: str, event: ProviderEvent, body: bytes, now: datetime) -> bool:
    """Keep an event that was verified; return whether it had not come before."""
    async with access.system() as connection:
        return bool(
            await connection.fetchval(
                KEEP, provider, event.id, event.kind, event.occurred_at, now, body
            )
        )


async def work(*, gateways: Gateways, now: datetime) -> int:
    """Work on events that wait, up to 50; return how many that was.

    One that fails stops no other, and is tried again for two days. Safe to run twice at once.
    """
    async with access.system() as connection:
        claimed = await connection.fetch(CLAIM, now, LEASE, CLAIM_MAX)
    in_order = sorted(claimed, key=lambda row: (row["occurred_at"], row["received_at"]))
    early = [row for row in in_order if not await _worked_on(row, gateways, now)]
    for row in early:
        # What it waits for may have come with the same ones.
        if not await _worked_on(row, gateways, now):
            await _again(row, "UnknownPayment", now)
    return len(claimed)


async def _worked_on(row: Record, gateways: Gateways, now: datetime) -> bool:
    """Work on an event; return False if it came too early. One that fails is put off."""
    try:
        await _work_on(row, gateways, now)
    except DatabaseUnavailable:
        raise
    except UnknownPayment:
        return False
    except Exception as error:
        log.exception("topups.event_failed", extra={"event": row["event_id"]})
        await _again(row, repr(error), now)
    else:
        async with access.system() as connection:
            await connection.execute(END, row["provider"], row["event_id"], "DONE", None)
    return True


async def _work_on(row: Record, gateways: Gateways, now: datetime) -> None:
    gateway = gateways.named(row["provider"])
    if gateway is None:
        raise LookupError(f"no provider {row['provider']} is set up")
    for fact in gateway.facts(row["body"]):
        await apply(fact, provider=gateway.name, now=now)


async def _again(row: Record, failure: str, now: datetime) -> None:
    shown = failure[:FAILURE_CHARACTERS_MAX].replace("\0", "")
    key = (row["provider"], row["event_id"])
    async with access.system() as connection:
        if row["attempts"] >= ATTEMPTS_MAX:
            await connection.execute(END, *key, "FAILED", shown)
        else:
            await connection.execute(AGAIN, *key, now + pause_after(row["attempts"]), shown)


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: twice as long each time, up to 4 h."""
    pause: timedelta = FIRST_PAUSE * 2 ** (attempts - 1)
    return min(pause, PAUSE_MAX)


async def forget(*, now: datetime) -> None:
    """Forget events of three months ago; what came of them stays."""
    async with access.system() as connection:
        await connection.execute(FORGET, now - KEPT, FORGET_MAX)

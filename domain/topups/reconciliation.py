"""The nightly comparison with a provider's own objects, for events that never came.

A page at a time: how far it is stands in the database, and any worker goes on. What was made in the
last days is listed; what is older and may still change is looked at one by one (`looking`).
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from db import access
from domain.listing import Record
from domain.topups.applying import FactContradicts, UnknownPayment, apply
from domain.topups.facts import Fact, FeeFact
from domain.topups.gateway import PaymentGateway

# UTC: the provider's objects are of all companies, whose nights differ.
BEGINS_AT = time(2, 0)
# Longer than a payment waits to be paid, and than the comparison may be put off.
OVERLAP = timedelta(days=3)
# What has just been made is still being told of.
SETTLED_AFTER = timedelta(minutes=10)
CARDS = "cards"
CUSTOMERS_MAX = 1_000

log = logging.getLogger(__name__)

STATE = "select * from payment_reconciliation where provider = $1"
BEGIN = """
    insert into payment_reconciliation (provider, since, until, list_name) values ($1, $2, $3, $4)
    on conflict (provider) do update
    set since = $2, until = $3, list_name = $4, after = null, ended_at = null, found = 0
"""
MOVE_ON = """
    update payment_reconciliation set list_name = $2, after = $3, ended_at = $4, found = found + $5
    where provider = $1
"""
SAVERS = """
    select distinct p.reference
    from top_up t
    join account a on a.company_id = t.company_id and a.id = t.account_id
    join payment_customer p on p.company_id = a.company_id
        and p.subscriber_id = a.subscriber_id and p.provider = t.provider
    where t.provider = $1 and t.save_card and t.credited_at >= $2 and p.reference is not null
    order by 1 limit $3
"""


async def compare(*, gateway: PaymentGateway, now: datetime) -> bool:
    """Compare the next page, if the night's comparison is due or under way; return whether it was.

    Safe to repeat and to be killed in.

    :raises ProviderUnavailable: nothing is lost; the same page comes next
    """
    row = await access.read_row(STATE, gateway.name)
    if row is None or row["ended_at"] is not None:
        if not _is_due(row, now):
            return False
        row = await _begin(row, gateway, now)
    if row["list_name"] == CARDS:
        facts, following, after = await _cards(row, gateway), None, None
    else:
        page = await gateway.listed(
            row["list_name"], since=row["since"], until=row["until"], after=row["after"]
        )
        facts, after = page.facts, page.next
        following = row["list_name"] if after is not None else _next(row["list_name"], gateway)
    found = await _apply_all(facts, gateway, now)
    ended_at = now if following is None else None
    async with access.system() as connection:
        await connection.execute(
            MOVE_ON, gateway.name, following or row["list_name"], after, ended_at, found
        )
    if ended_at is not None:
        log.info("topups.reconciled", extra={"found": row["found"] + found})
    return True


def _is_due(row: Record | None, now: datetime) -> bool:
    if row is None:
        return True
    today = datetime.combine(now.astimezone(UTC).date(), BEGINS_AT, UTC)
    begins_at = today if now >= today else today - timedelta(days=1)
    return bool(row["ended_at"] < begins_at)


async def _begin(row: Record | None, gateway: PaymentGateway, now: datetime) -> Record:
    since = (now if row is None else min(row["until"], now)) - OVERLAP
    async with access.system() as connection:
        await connection.execute(BEGIN, gateway.name, since, now - SETTLED_AFTER, gateway.lists[0])
        begun = await connection.fetchrow(STATE, gateway.name)
    if begun is None:
        raise LookupError(gateway.name)
    return begun


def _next(list_name: str, gateway: PaymentGateway) -> str:
    lists = [*gateway.lists, CARDS]
    return lists[lists.index(list_name) + 1]


async def _cards(row: Record, gateway: PaymentGateway) -> Sequence[Fact]:
    async with access.system() as connection:
        savers = await connection.fetch(SAVERS, gateway.name, row["since"], CUSTOMERS_MAX)
    return [fact for saver in savers for fact in await gateway.cards(saver["reference"])]


async def _apply_all(facts: Sequence[Fact], gateway: PaymentGateway, now: datetime) -> int:
    found = 0
    for fact in facts:
        try:
            is_new = await apply(fact, provider=gateway.name, now=now)
            # Nobody tells of fees but the night.
            found += is_new and not isinstance(fact, FeeFact)
        except UnknownPayment:
            continue  # of somebody else who uses the same account with the provider
        except FactContradicts:
            log.exception("topups.contradiction")
    return found

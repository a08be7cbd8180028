"""Forgetting the cards of people who are erased: here at once, and at their providers by a job."""

import logging
from datetime import datetime, timedelta

from db import access
from db.access import Connection
from db.ids import CompanyId, SubscriberId
from domain.topups.gateway import Gateways, ProviderRefused, ProviderUnavailable

CLAIM_MAX = 20
PAUSE = timedelta(minutes=10)

log = logging.getLogger(__name__)

# Top-ups name the card that paid them, so that its row stays.
REMOVE_CARDS = """
    update saved_card set removed_at = coalesce(removed_at, $3), brand = 'forgotten',
        last4 = '0000', expires_year = 0, expires_month = 1
    where company_id = $1 and subscriber_id = $2
"""
SWITCH_OFF = """
    update automatic_top_up set active = false, version = version + 1
    where company_id = $1 and active and account_id in (
        select id from account where company_id = $1 and subscriber_id = $2)
"""
ASK = """
    update payment_customer set forget_since = $3, forget_again_at = $3
    where company_id = $1 and subscriber_id = $2 and forget_since is null
"""
DUE = """
    update payment_customer set forget_again_at = $1::timestamptz + $2::interval
    where (company_id, subscriber_id, provider) in (
        select company_id, subscriber_id, provider from payment_customer
        where forget_again_at <= $1 and provider = any($3::text[])
        order by forget_again_at limit $4 for update skip locked
    )
    returning company_id, subscriber_id, provider, reference
"""
# A name that came in the meantime is forgotten next.
FORGOTTEN = """
    update payment_customer set reference = null, forget_again_at = null
    where company_id = $1 and subscriber_id = $2 and provider = $3
        and reference is not distinct from $4
"""


async def forget_cards(
    connection: Connection, *, company_id: CompanyId, subscriber_id: SubscriberId, now: datetime
) -> None:
    """Forget a subscriber's cards in the transaction that erases them. Repeatable."""
    await connection.execute(REMOVE_CARDS, company_id, subscriber_id, now)
    await connection.execute(SWITCH_OFF, company_id, subscriber_id)
    await connection.execute(ASK, company_id, subscriber_id, now)


async def forget_customers(*, gateways: Gateways, now: datetime) -> int:
    """Have providers forget up to 20 who were erased; return how many they forgot. Repeatable.

    Who cannot be forgotten now is tried again every ten minutes, for as long as it takes.
    """
    names = [gateway.name for gateway in gateways.all()]
    async with access.system() as connection:
        due = await connection.fetch(DUE, now, PAUSE, names, CLAIM_MAX)
    forgotten = 0
    for row in due:
        gateway = gateways.named(row["provider"])
        if gateway is None:
            continue
        try:
            # Without a name the provider has never answered, and knows nobody but by our numbers.
            if row["reference"] is not None:
                await gateway.forget_customer(row["reference"])
        except (ProviderUnavailable, ProviderRefused) as error:
            extra = {"subscriber_id": row["subscriber_id"], "reason": repr(error)}
            log.warning("topups.not_forgotten", extra=extra)
            continue
        async with access.tenant(CompanyId(row["company_id"])) as connection:
            await connection.execute(FORGOTTEN, *row)
        forgotten += 1
    return forgotten

"""Saved cards, and what providers call those who saved them."""

from datetime import datetime
from uuid import UUID

from db import access
from db.ids import CompanyId, SavedCardId, SubscriberId
from domain.refusals import NotThere
from domain.topups.facts import CardFact
from domain.topups.gateway import Gateways, PaymentGateway, ProviderUnavailable
from domain.topups.wishes import PaymentUnavailable

MAKE_CUSTOMER = """
    insert into payment_customer (company_id, subscriber_id, provider) values ($1, $2, $3)
    on conflict do nothing
"""
CUSTOMER = """
    select key, reference from payment_customer
    where company_id = $1 and subscriber_id = $2 and provider = $3 and forget_since is null
"""
# Whoever is erased meanwhile is forgotten under the name that has just come.
NAMED = """
    update payment_customer set reference = $4, forget_again_at = forget_since
    where company_id = $1 and subscriber_id = $2 and provider = $3
"""
# News of cards of people who were erased come late, and are none of our business any more.
OF_CUSTOMER = """
    select company_id, subscriber_id from payment_customer
    where provider = $1 and reference = $2 and forget_since is null
"""
OF_CARD = "select company_id, subscriber_id from saved_card where provider = $1 and reference = $2"
SAVE = """
    insert into saved_card as s (company_id, subscriber_id, provider, reference, brand, last4,
        expires_year, expires_month, saved_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (company_id, provider, reference) do update
    set brand = $5, last4 = $6, expires_year = $7, expires_month = $8
    where s.removed_at is null and (s.brand, s.last4, s.expires_year, s.expires_month)
        is distinct from (excluded.brand, excluded.last4, excluded.expires_year,
            excluded.expires_month)
    returning true
"""
REMOVE = """
    update saved_card set removed_at = $3 where company_id = $1 and id = $2 and removed_at is null
    returning true
"""
REMOVE_BY_REFERENCE = """
    update saved_card set removed_at = $4
    where company_id = $1 and provider = $2 and reference = $3 and removed_at is null
    returning id
"""
SWITCH_OFF = """
    update automatic_top_up set active = false, version = version + 1
    where company_id = $1 and saved_card_id = $2 and active
"""
FOUND = "select provider, reference from saved_card where company_id = $1 and id = $2"


async def customer_of(
    *, company_id: CompanyId, subscriber_id: SubscriberId, gateway: PaymentGateway
) -> str:
    """Return what the provider calls a subscriber, made known there if that is new.

    :raises ProviderUnavailable, ProviderRefused: it is not known; repeating is safe
    """
    which = (company_id, subscriber_id, gateway.name)
    async with access.tenant(company_id) as connection:
        await connection.execute(MAKE_CUSTOMER, *which)
        row = await connection.fetchrow(CUSTOMER, *which)
    if row is None:
        raise NotThere
    if row["reference"] is not None:
        return str(row["reference"])
    described = {"wattledger_company": str(company_id), "wattledger_subscriber": str(subscriber_id)}
    reference = await gateway.customer(key=UUID(str(row["key"])), described=described)
    async with access.tenant(company_id) as connection:
        await connection.execute(NAMED, *which, reference)
    return reference


async def note(fact: CardFact, *, provider: str, now: datetime) -> bool:
    """Note that a card was saved, replaced or removed; return whether that is new."""
    if fact.customer is None:
        row = await access.read_row(OF_CARD, provider, fact.reference)
    else:
        row = await access.read_row(OF_CUSTOMER, provider, fact.customer)
    if row is None:
        return False
    company_id = CompanyId(row["company_id"])
    async with access.tenant(company_id) as connection:
        if fact.customer is None:
            removed = await connection.fetchval(
                REMOVE_BY_REFERENCE, company_id, provider, fact.reference, now
            )
            await connection.execute(SWITCH_OFF, company_id, removed)
            return removed is not None
        return bool(
            await connection.fetchval(
                SAVE,
                company_id,
                row["subscriber_id"],
                provider,
                fact.reference,
                fact.brand,
                fact.last4,
                fact.expires_year,
                fact.expires_month,
                now,
            )
        )


async def remove(
    *, company_id: CompanyId, card_id: SavedCardId, gateways: Gateways, now: datetime
) -> SavedCardId:
    """Remove a card here and at the provider; nothing is bought with it from now on. Repeatable.

    :raises NotThere: there is none
    :raises PaymentUnavailable: it is removed here; repeating removes it there
    """
    async with access.tenant(company_id) as connection:
        row = await connection.fetchrow(FOUND, company_id, card_id)
        if row is None:
            raise NotThere
        await connection.fetchval(REMOVE, company_id, card_id, now)
        await connection.execute(SWITCH_OFF, company_id, card_id)
    gateway = gateways.named(row["provider"])
    try:
        if gateway is not None:
            await gateway.forget_card(row["reference"])
    except ProviderUnavailable as error:
        raise PaymentUnavailable from error
    return card_id

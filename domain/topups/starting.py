"""Starting top-ups: written down with their keys before the provider is asked, and only then."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from db import access
from db.access import Connection
from db.enums import PaymentStatus, PaymentWay, TopUpState
from db.ids import CompanyId, SubscriberId, TopUpId
from domain import rows, values
from domain.ledger.posting import IdempotencyConflict
from domain.ledger.rules import KEY_CHARACTERS_MAX
from domain.listing import Record
from domain.money import major, micro
from domain.refusals import NotThere
from domain.topups.applying import apply, settle
from domain.topups.cards import customer_of
from domain.topups.facts import PaymentKey
from domain.topups.gateway import (
    Gateways,
    Offer,
    PaymentGateway,
    PaymentRequest,
    ProviderRefused,
    ProviderUnavailable,
)
from domain.topups.rules import word
from domain.topups.wishes import (
    PaymentRefused,
    PaymentsNotSetUp,
    PaymentUnavailable,
    TopUpLapsed,
    Wish,
    check,
    check_facts,
)

PAGE_LIVES = timedelta(hours=1)
CARD_LIVES = timedelta(hours=24)
# Whose answer was lost is asked for again by then, unless somebody repeats the request sooner.
LOOK_AGAIN = timedelta(minutes=1)

LOCK_KEY = "select pg_advisory_xact_lock(hashtextextended('top-up/' || $2 || '/' || $3, $1))"
MADE_BEFORE = """
    select * from top_up where company_id = $1 and account_id = $2 and idempotency_key = $3
        and automatic = $4
"""
# Whoever ends the account waits for us, and finds the top-up; or we find it ended.
FACTS = """
    select a.subscriber_id, a.number, a.closed_at, a.suspended_at, c.currency,
        c.top_up_minimum_micro, c.top_up_maximum_micro, (
            select count(*) from top_up t where t.company_id = a.company_id
                and t.account_id = a.id and t.state = 'STARTED' and t.lapses_at > $3
        ) as waiting
    from account a join company c on c.id = a.company_id
    where a.company_id = $1 and a.id = $2
    for share of a for key share of c
"""
CARD = """
    select s.reference, p.reference as customer from saved_card s
    left join payment_customer p on p.company_id = s.company_id
        and p.subscriber_id = s.subscriber_id and p.provider = s.provider
    where s.company_id = $1 and s.id = $2 and s.subscriber_id = $3 and s.provider = $4
        and s.removed_at is null
"""
ROW = "select * from top_up where company_id = $1 and id = $2"
GIVE_UP = """
    update top_up set payment_status = 'CANCELLED', failure = $3, version = version + 1
    where company_id = $1 and id = $2 and payment_status = 'OPEN' and payment_reference is null
        and checkout_reference is null
    returning true
"""


@dataclass(frozen=True, slots=True)
class Started:
    """A top-up, and what its payer does next; see `Offer`."""

    top_up_id: TopUpId
    url: str | None = None
    client_secret: str | None = None


async def start(
    *,
    company_id: CompanyId,
    wish: Wish,
    idempotency_key: str,
    gateways: Gateways,
    now: datetime,
) -> Started:
    """Start buying credit, at most once per key: it is credited when the provider says so.

    Repeating returns the top-up that was started, and what is left to do.

    :raises PaymentUnavailable: it is written down and may have begun; repeat it with the same key
    :raises PaymentRefused: it is written down as failed
    :raises TopUpAmountOutOfRange, AccountClosed, AccountSuspended, PaymentsNotSetUp, TopUpLapsed,
        TooManyTopUps, IdempotencyConflict, InvalidValue, NotThere: nothing was begun
    """
    check(wish)
    key = values.name(idempotency_key, "idempotency_key", characters_max=KEY_CHARACTERS_MAX)
    gateway = gateways.first
    if gateway is None:
        raise PaymentsNotSetUp
    async with access.tenant(company_id) as connection:
        await connection.execute(LOCK_KEY, company_id, str(wish.account_id), key)
        row = await connection.fetchrow(
            MADE_BEFORE, company_id, wish.account_id, key, not wish.is_present
        )
        if row is None:
            row = await _put_down(connection, company_id, wish, key, gateway, now)
        elif row["request_hash"] != wish.request_hash:
            raise IdempotencyConflict
    used = gateways.named(row["provider"])
    if used is None:
        raise PaymentsNotSetUp
    offer = await go_on(row, gateway=used, is_present=wish.is_present, now=now)
    if offer is None:
        return Started(TopUpId(row["id"]))
    return Started(TopUpId(row["id"]), offer.url, offer.client_secret)


async def _put_down(
    connection: Connection,
    company_id: CompanyId,
    wish: Wish,
    key: str,
    gateway: PaymentGateway,
    now: datetime,
) -> Record:
    facts = await connection.fetchrow(FACTS, company_id, wish.account_id, now)
    if facts is None:
        raise NotThere("account_id")
    check_facts(wish, facts, gateway)
    if wish.card_id is not None:
        which = (company_id, wish.card_id, facts["subscriber_id"], gateway.name)
        if await connection.fetchrow(CARD, *which) is None:
            raise NotThere("saved_card_id")
    is_card = wish.way is PaymentWay.SAVED_CARD
    top_up_id = await rows.insert(
        connection,
        "top_up",
        company_id=company_id,
        account_id=wish.account_id,
        way=wish.way,
        amount_micro=micro(wish.amount),
        currency=facts["currency"],
        provider=gateway.name,
        idempotency_key=key,
        request_hash=wish.request_hash,
        return_url=wish.return_url,
        saved_card_id=wish.card_id,
        save_card=wish.save_card,
        instalments=wish.instalments,
        automatic=not wish.is_present,
        started_at=now,
        payment_at=now,
        lapses_at=now + (CARD_LIVES if is_card else PAGE_LIVES),
        look_again_at=now + (LOOK_AGAIN if is_card else PAGE_LIVES),
    )
    row = await connection.fetchrow(ROW, company_id, top_up_id)
    if row is None:
        raise NotThere
    return row


async def go_on(
    row: Record, *, gateway: PaymentGateway, is_present: bool, now: datetime
) -> Offer | None:
    """Begin a top-up's payment at its provider, or ask how it is; None when nothing is left to do.

    Safe to repeat: while the provider may have forgotten nothing, the same request is made again.

    :raises PaymentUnavailable, PaymentRefused, TopUpLapsed: see `start`
    """
    if row["state"] not in {TopUpState.STARTED, TopUpState.IN_FLIGHT}:
        return None
    company_id = CompanyId(row["company_id"])
    key = PaymentKey(company_id, row["payment_key"])
    checkout, reference = row["checkout_reference"], row["payment_reference"]
    try:
        if checkout is not None or reference is not None:
            offer = await gateway.offer(key, checkout=checkout, reference=reference)
        elif now >= min(row["lapses_at"], row["started_at"] + gateway.keys_kept):
            raise TopUpLapsed("idempotency_key")
        else:
            offer = await gateway.begin(await _request(row, key, gateway, is_present))
    except ProviderUnavailable as error:
        raise PaymentUnavailable from error
    except ProviderRefused as error:
        await give_up(company_id, TopUpId(row["id"]), error.code, now=now)
        raise PaymentRefused(reason=error.code) from error
    await apply(offer.payment, provider=gateway.name, now=now)
    return offer if offer.payment.status is PaymentStatus.OPEN else None


async def give_up(
    company_id: CompanyId, top_up_id: TopUpId, reason: str | None, *, now: datetime
) -> None:
    """Note that a payment was never begun. If it was, after all, what the provider says counts."""
    async with access.tenant(company_id) as connection:
        if await connection.fetchval(GIVE_UP, company_id, top_up_id, word(reason)):
            await settle(connection, company_id, top_up_id, now)


async def _request(
    row: Record, key: PaymentKey, gateway: PaymentGateway, is_present: bool
) -> PaymentRequest:
    company_id = CompanyId(row["company_id"])
    async with access.tenant(company_id) as connection:
        account = await connection.fetchrow(
            "select subscriber_id, number from account where company_id = $1 and id = $2",
            company_id,
            row["account_id"],
        )
        if account is None:
            raise NotThere
        card = None
        if row["saved_card_id"] is not None:
            subscriber_id = account["subscriber_id"]
            which = (company_id, row["saved_card_id"], subscriber_id, gateway.name)
            card = await connection.fetchrow(CARD, *which)
            if card is None:
                raise ProviderRefused("card_removed")
    customer = None if card is None else card["customer"]
    if row["save_card"]:
        customer = await customer_of(
            company_id=company_id,
            subscriber_id=SubscriberId(account["subscriber_id"]),
            gateway=gateway,
        )
    return PaymentRequest(
        key=key,
        way=PaymentWay(row["way"]),
        amount=major(row["amount_micro"]),
        currency=row["currency"],
        description=f"Credit for account {account['number']}",
        lapses_at=row["lapses_at"],
        return_url=row["return_url"],
        customer=customer,
        card=None if card is None else card["reference"],
        save_card=row["save_card"],
        is_present=is_present,
        instalments=row["instalments"],
    )

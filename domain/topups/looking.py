"""Asking providers how things are that may have changed without anybody telling us.

A row says itself when to look at it again. Whoever looks claims it by moving that on, so that what
cannot be looked at now is tried again later.
"""

import logging
from datetime import datetime, timedelta

from db import access
from db.ids import CompanyId, TopUpId
from domain.listing import Record
from domain.refusals import Refused
from domain.topups import refunds, starting
from domain.topups.applying import (
    LOOK_AT_PROCESSING_EVERY,
    FactContradicts,
    UnknownPayment,
    apply,
)
from domain.topups.facts import PaymentKey
from domain.topups.gateway import (
    Gateways,
    PaymentGateway,
    ProviderRefused,
    ProviderUnavailable,
)
from domain.topups.takebacks import (
    FUNDS_MAY_MOVE,
    LOOK_AT_DISPUTE_EVERY,
    LOOK_AT_PENDING_EVERY,
    LOOK_AT_SUCCEEDED_EVERY,
    REFUND_MAY_FAIL,
)
from domain.topups.wishes import PaymentUnavailable

CLAIM_MAX = 20
SOON = timedelta(minutes=10)
# By then the nightly comparison has seen every payment that came about.
GIVE_UP_AFTER = timedelta(days=3)

log = logging.getLogger(__name__)

DUE_TOP_UPS = """
    update top_up set look_again_at = $1::timestamptz
        + case when payment_status = 'PROCESSING' then $4::interval else $3::interval end
    where (company_id, id) in (
        select company_id, id from top_up where look_again_at <= $1
        order by look_again_at limit $2 for no key update skip locked
    )
    returning *
"""
DUE_REFUNDS = """
    update top_up_refund set look_again_at = $1::timestamptz + case
        when reference is null then $3::interval
        when state <> 'SUCCEEDED' then $4::interval
        when $1::timestamptz + $5::interval < requested_at + $6::interval then $5::interval end
    where (company_id, id) in (
        select company_id, id from top_up_refund where look_again_at <= $1
        order by look_again_at limit $2 for no key update skip locked
    )
    returning *
"""
DUE_DISPUTES = """
    update top_up_dispute set look_again_at = $1::timestamptz + case
        when $1::timestamptz < opened_at + $4::interval then $3::interval end
    where (company_id, id) in (
        select company_id, id from top_up_dispute where look_again_at <= $1
        order by look_again_at limit $2 for no key update skip locked
    )
    returning *
"""
TOP_UP_SOONER = "update top_up set look_again_at = $3 where company_id = $1 and id = $2"
REFUND_SOONER = "update top_up_refund set look_again_at = $3 where company_id = $1 and id = $2"
DISPUTE_SOONER = "update top_up_dispute set look_again_at = $3 where company_id = $1 and id = $2"
COMPARED = """
    select 1 from payment_reconciliation
    where provider = $1 and ended_at is not null and since <= $2 and until > $3
"""
OF_ROW = "select * from top_up where company_id = $1 and id = $2"


async def look_again(*, gateways: Gateways, now: datetime) -> int:
    """Look at what is due, up to 20 of each kind; return how many that was. Safe to repeat."""
    looked = 0
    refund_intervals = (LOOK_AT_PENDING_EVERY, LOOK_AT_SUCCEEDED_EVERY, REFUND_MAY_FAIL)
    dispute_intervals = (LOOK_AT_DISPUTE_EVERY, FUNDS_MAY_MOVE)
    for statement, intervals, sooner, look in (
        (DUE_TOP_UPS, (SOON, LOOK_AT_PROCESSING_EVERY), TOP_UP_SOONER, _top_up),
        (DUE_REFUNDS, (SOON, *refund_intervals), REFUND_SOONER, _refund),
        (DUE_DISPUTES, dispute_intervals, DISPUTE_SOONER, _dispute),
    ):
        async with access.system() as connection:
            due = await connection.fetch(statement, now, CLAIM_MAX, *intervals)
        for row in due:
            try:
                await look(row, gateways, now)
            except (ProviderUnavailable, PaymentUnavailable):
                await _sooner(sooner, row, now)
            except (ProviderRefused, Refused, UnknownPayment) as error:
                log.warning("topups.not_looked", extra={"row": row["id"], "reason": repr(error)})
            except FactContradicts:
                log.exception("topups.contradiction", extra={"row": row["id"]})
        looked += len(due)
    return looked


async def _sooner(statement: str, row: Record, now: datetime) -> None:
    async with access.tenant(CompanyId(row["company_id"])) as connection:
        await connection.execute(statement, row["company_id"], row["id"], now + SOON)


async def _top_up(row: Record, gateways: Gateways, now: datetime) -> None:
    gateway = gateways.named(row["provider"])
    if gateway is None:
        return
    if row["payment_reference"] is None and row["checkout_reference"] is None:
        await _begun_unheard(row, gateway, now)
    elif now < row["lapses_at"]:
        await starting.go_on(row, gateway=gateway, is_present=not row["automatic"], now=now)
    else:
        key = PaymentKey(CompanyId(row["company_id"]), row["payment_key"])
        fact = await gateway.cancel(
            key, checkout=row["checkout_reference"], reference=row["payment_reference"]
        )
        await apply(fact, provider=gateway.name, now=now)


async def _begun_unheard(row: Record, gateway: PaymentGateway, now: datetime) -> None:
    """Find out about a payment whose beginning nobody answered.

    Nobody has the page of a payment that way, so it lapses by itself; a card may have paid.
    """
    is_repeatable = now < min(row["lapses_at"], row["started_at"] + gateway.keys_kept)
    if row["saved_card_id"] is not None and is_repeatable:
        await starting.go_on(row, gateway=gateway, is_present=not row["automatic"], now=now)
    elif row["saved_card_id"] is None or now >= row["started_at"] + GIVE_UP_AFTER:
        company_id, top_up_id = CompanyId(row["company_id"]), TopUpId(row["id"])
        reason = None if row["saved_card_id"] is None else "no_answer"
        await starting.give_up(company_id, top_up_id, reason, now=now)


async def _refund(row: Record, gateways: Gateways, now: datetime) -> None:
    top_up = await _of(row)
    gateway = gateways.named(top_up["provider"])
    if gateway is None:
        return
    if row["reference"] is not None:
        fact = await gateway.refund_now(row["reference"])
        await apply(fact, provider=gateway.name, now=now)
    elif await _was_never_made(row, gateway, now):
        await refunds.give_up(row, "no_answer", now=now)
    else:
        await refunds.go_on(row, top_up, gateway=gateway, now=now)


async def _was_never_made(row: Record, gateway: PaymentGateway, now: datetime) -> bool:
    """Whether a refund that nobody answered is not there: a whole comparison would have found it.

    Its key may not be used again by then, and the account has done without the money long enough.
    """
    if now < row["requested_at"] + GIVE_UP_AFTER:
        return False
    asked = (row["requested_at"], row["requested_at"] + gateway.keys_kept)
    return await access.read_row(COMPARED, gateway.name, *asked) is not None


async def _dispute(row: Record, gateways: Gateways, now: datetime) -> None:
    gateway = gateways.named((await _of(row))["provider"])
    if gateway is not None:
        fact = await gateway.dispute_now(row["reference"])
        await apply(fact, provider=gateway.name, now=now)


async def _of(row: Record) -> Record:
    found = await access.read_row(OF_ROW, row["company_id"], row["top_up_id"])
    if found is None:
        raise LookupError(row["top_up_id"])
    return found

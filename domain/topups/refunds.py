"""Giving back what was paid: taken from the account at once, then asked of the provider."""

from datetime import datetime, timedelta
from decimal import Decimal

from db import access
from db.access import Connection
from db.enums import RefundState, TopUpState
from db.ids import CompanyId, RefundId, TopUpId
from domain import rows, values
from domain.currencies import is_payable
from domain.ledger.posting import IdempotencyConflict, hash_of
from domain.ledger.rules import KEY_CHARACTERS_MAX, REASON_CHARACTERS_MAX
from domain.listing import Record
from domain.money import major, micro
from domain.refusals import InvalidValue, NotThere, Refused
from domain.topups.applying import LOCK, apply, settle
from domain.topups.gateway import (
    Gateways,
    PaymentGateway,
    ProviderRefused,
    ProviderUnavailable,
    RefundRequest,
)
from domain.topups.rules import Refund, word
from domain.topups.takebacks import book_refund, refund_of
from domain.topups.wishes import PaymentsNotSetUp

LOOK_AGAIN = timedelta(minutes=1)

MADE_BEFORE = """
    select * from top_up_refund where company_id = $1 and idempotency_key = $2
"""
ROW = "select * from top_up_refund where company_id = $1 and id = $2"


class NotRefundable(Refused):
    """The top-up is not credited: nothing was paid that could be given back."""


class RefundTooLarge(Refused):
    """Only `left` can be given back still."""

    def __init__(self, left: Decimal, currency: str) -> None:
        super().__init__("amount", left=left, currency=currency)
        self.left = left
        self.currency = currency


async def refund(
    *,
    company_id: CompanyId,
    top_up_id: TopUpId,
    amount: Decimal | None,
    reason: str,
    idempotency_key: str,
    gateways: Gateways,
    now: datetime,
) -> RefundId:
    """Give back what was paid, or a part of it, at most once per key.

    amount: major units; None for all that is left. The account does without it at once, and gets it
    back if the refund fails. When the provider does not answer, it is asked again later.

    :raises NotRefundable, RefundTooLarge, PaymentsNotSetUp, IdempotencyConflict, InvalidValue,
        NotThere: nothing was written
    """
    reason = values.name(reason, "reason", characters_max=REASON_CHARACTERS_MAX)
    key = values.name(idempotency_key, "idempotency_key", characters_max=KEY_CHARACTERS_MAX)
    async with access.tenant(company_id) as connection:
        top_up = await connection.fetchrow(LOCK, company_id, top_up_id)
        if top_up is None:
            raise NotThere
        gateway = gateways.named(top_up["provider"])
        if gateway is None:
            raise PaymentsNotSetUp
        asked = "all" if amount is None else micro(values.money(amount, "amount"))
        request_hash = hash_of(f"{top_up_id}/{asked}/{reason}")
        row = await connection.fetchrow(MADE_BEFORE, company_id, key)
        if row is not None and row["request_hash"] != request_hash:
            raise IdempotencyConflict
        if row is None:
            amount = _refundable(top_up, amount)
            row = await _put_down(connection, top_up, amount, reason, key, request_hash, now)
    await go_on(row, top_up, gateway=gateway, now=now)
    return RefundId(row["id"])


def _refundable(top_up: Record, amount: Decimal | None) -> Decimal:
    if top_up["journal_id"] is None or top_up["state"] == TopUpState.CHARGED_BACK:
        raise NotRefundable
    taken_micro = top_up["refunded_micro"] + top_up["held_micro"]
    left = max(major(top_up["received_micro"] - taken_micro), Decimal(0))
    wanted = left if amount is None else amount
    if wanted > left or not left:
        raise RefundTooLarge(left, top_up["currency"])
    if not is_payable(wanted, top_up["currency"]):
        raise InvalidValue("amount", expected="an amount that can be paid in coins")
    return wanted


async def _put_down(
    connection: Connection,
    top_up: Record,
    amount: Decimal,
    reason: str,
    key: str,
    request_hash: bytes,
    now: datetime,
) -> Record:
    company_id = CompanyId(top_up["company_id"])
    refund_id = await rows.insert(
        connection,
        "top_up_refund",
        company_id=company_id,
        top_up_id=top_up["id"],
        amount_micro=micro(amount),
        idempotency_key=key,
        request_hash=request_hash,
        reason=reason,
        state=RefundState.REQUESTED,
        requested_at=now,
    )
    row = await _row(connection, company_id, refund_id)
    await book_refund(connection, top_up, row, refund_of(row), now, reference=None)
    key_of_row = {"company_id": company_id, "id": refund_id}
    await rows.overwrite(
        connection, "top_up_refund", key=key_of_row, changes={"look_again_at": now + LOOK_AGAIN}
    )
    await settle(connection, company_id, top_up["id"], now)
    return await _row(connection, company_id, refund_id)


async def _row(connection: Connection, company_id: CompanyId, refund_id: int) -> Record:
    row = await connection.fetchrow(ROW, company_id, refund_id)
    if row is None:
        raise NotThere
    return row


async def go_on(row: Record, top_up: Record, *, gateway: PaymentGateway, now: datetime) -> None:
    """Ask the provider for a refund, unless it has answered before. Safe to repeat for a day.

    What it does not answer is asked again for as long as that cannot refund twice; later, `looking`
    finds out whether it was made. What it refuses goes back to the account.
    """
    if row["state"] != RefundState.REQUESTED or row["reference"] is not None:
        return
    if now >= row["requested_at"] + gateway.keys_kept:
        return
    request = RefundRequest(
        key=row["refund_key"],
        payment=top_up["payment_reference"],
        amount=major(row["amount_micro"]),
        currency=top_up["currency"],
    )
    try:
        fact = await gateway.refund(request)
    except ProviderUnavailable:
        return
    except ProviderRefused as error:
        await give_up(row, error.code, now=now)
    else:
        await apply(fact, provider=gateway.name, now=now)


async def give_up(row: Record, code: str, *, now: datetime) -> None:
    """Give the account back what a refund took that the provider never made. code: why, a word.

    One that the provider has told of stays as it is.
    """
    company_id = CompanyId(row["company_id"])
    async with access.tenant(company_id) as connection:
        top_up = await connection.fetchrow(LOCK, company_id, row["top_up_id"])
        found = await _row(connection, company_id, row["id"])
        if top_up is None or found["reference"] is not None:
            return
        failed = Refund(
            state=RefundState.FAILED, amount=major(found["amount_micro"]), failure=word(code)
        )
        await book_refund(connection, top_up, found, failed, now, reference=None)
        await settle(connection, company_id, row["top_up_id"], now)

"""What the tests of subscriptions store, ask and read."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from api.global_ids import encode
from db import access
from domain.ledger.operations import credit_cash
from domain.readings import operations as readings
from domain.readings.batch import Read
from tests.factories import NOW, Place, account_of, make_read

HOUR = timedelta(hours=1)
READINGS = """
    subscription ($meterIds: [ID!], $fieldId: ID, $accountId: ID, $after: String) {
        readingReceived(
            meterIds: $meterIds, fieldId: $fieldId, accountId: $accountId, after: $after
        ) { cursor gap
            readings { meterId reading { readAt registers { obis quantity { value } } } } }
    }
"""
BALANCES = """
    subscription ($accountIds: [ID!], $after: String) {
        balanceChanged(accountIds: $accountIds, after: $after) {
            cursor gap balances { accountId segment balance { amount currency } }
        }
    }
"""


async def store(reads: Sequence[Read]) -> None:
    async with access.system() as connection:
        await readings.store(connection, reads, now=NOW)


def meter(place: Place, number: int = 0) -> str:
    return encode("Meter", place.supplies[number].meter_id)


def codes(message: dict[str, Any]) -> list[str]:
    """Return the codes of a message's errors, in whichever way it brings them."""
    payload = message["payload"]
    errors = payload if isinstance(payload, list) else payload["errors"]
    return [error["extensions"]["code"] for error in errors]


def changed(event: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (one["accountId"], one["balance"]["amount"], one["segment"])
        for one in event["balanceChanged"]["balances"]
    ]


async def top_up(place: Place, amount: str) -> None:
    account_id = account_of(place)
    await credit_cash(
        company_id=place.company_id,
        account_id=account_id,
        amount=Decimal(amount),
        idempotency_key=amount,
        occurred_at=NOW,
    )


async def rename_meter(place: Place, serial: str) -> None:
    async with access.system() as connection:
        await connection.execute(
            "update meter set serial = $3 where company_id = $1 and id = $2",
            place.company_id,
            place.supplies[0].meter_id,
            serial,
        )


def account(place: Place, number: int = 0) -> str:
    return encode("Account", account_of(place, number))


def told(event: dict[str, Any]) -> list[tuple[str, str]]:
    """Return an event's readings as meters and values of their total registers."""
    received = event["readingReceived"]["readings"]
    return [
        (one["meterId"], one["reading"]["registers"][0]["quantity"]["value"]) for one in received
    ]


def reads(place: Place, registers: int, *values: int, at: datetime = NOW - HOUR) -> list[Read]:
    """Make one read of each of a place's first meters."""
    return [
        make_read(place, registers, at, value, supply=supply)
        for supply, value in zip(place.supplies, values, strict=False)
    ]

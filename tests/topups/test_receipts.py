"""Who paid gets a receipt, once, which says where the payment went."""

from typing import Any

import orjson

from db import access
from db.enums import MessageChannel
from domain.companies import settings
from tests.mailbox import letters
from tests.topups.shop import Shop

SECRET = "a secret that is long enough for a test"  # noqa: S105


async def receipts() -> list[dict[str, Any]]:
    async with access.system() as connection:
        rows = await connection.fetch(
            "select channel, account_id, facts from message where kind = 'TOP_UP_RECEIPT'"
            " order by channel, id"
        )
    return [{**row, "facts": orjson.loads(row["facts"])} for row in rows]


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "TRY"}


async def number_of(shop: Shop) -> str:
    row = await access.read_row("select number from account where id = $1", shop.account_id)
    assert row is not None
    return str(row["number"])


async def test_a_receipt_says_what_a_payment_cleared_and_the_balance_after_it(shop: Shop) -> None:
    await shop.owe(DEBT="8", CREDIT="3", EMERGENCY_CREDIT="10")

    top_up_id = await shop.paid("25.5")

    row = await shop.top_up(top_up_id)
    assert await receipts() == [
        {
            "channel": "MAIL",
            "account_id": shop.account_id,
            "facts": {
                "account": await number_of(shop),
                "amount": money("25.500000"),
                "debt": money("8.000000"),
                "overdrawn": money("3.000000"),
                "emergency_credit": money("10.000000"),
                "balance": money("4.500000"),
                "credited_at": shop.now.isoformat(),
                "reference": row["payment_reference"],
            },
        }
    ]


async def test_a_receipt_can_be_read(shop: Shop) -> None:
    await shop.owe(CREDIT="3")
    top_up_id = await shop.paid("25.5")

    (letter,) = await letters(SECRET, now=shop.now)

    row = await shop.top_up(top_up_id)
    assert letter.subject == "Receipt for TRY 25.50"
    assert letter.text == (
        "Hello Ayşe Işık,\n\n"
        f"thank you. Your payment for account {await number_of(shop)} was credited.\n\n"
        "Paid: TRY 25.50\n"
        "Used for what was overdrawn: TRY 3.00\n"
        "Balance: TRY 22.50\n"
        "Credited: 18 March 2026 15:00 (+03)\n"
        f"Reference: {row['payment_reference']}\n\n"
        f"https://meters.example/account#account={await number_of(shop)}\n\n"
        f"{letter.text.splitlines()[-1]}\n"
    )


async def test_hearing_everything_again_sends_no_other_receipt(shop: Shop) -> None:
    await shop.paid()

    again = [{**event, "id": f"{event['id']}_2"} for event in shop.twin.world.events]
    await shop.hear_of([*shop.twin.world.events, *again])

    assert len(await receipts()) == 1


async def test_what_is_not_paid_has_no_receipt(shop: Shop) -> None:
    await shop.start()
    await shop.paid(card="pm_card_slow")

    assert await receipts() == []


async def test_a_receipt_goes_by_each_channel_of_the_company(shop: Shop) -> None:
    channels = [MessageChannel.MAIL, MessageChannel.SMS]
    changes = {"message_channels": channels}
    await settings.update(company_id=shop.place.company_id, expected_version=1, changes=changes)

    await shop.paid()

    assert [one["channel"] for one in await receipts()] == ["MAIL", "SMS"]

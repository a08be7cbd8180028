"""Credit buys itself with a saved card when it is low, for whom and as often as it may."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from db import access
from db.enums import BillingMode, PaymentWay
from db.ids import SavedCardId
from domain.accounts import operations, suspension
from domain.accounts.suspension import AccountClosed
from domain.refusals import AlreadyExists, StaleVersion
from domain.topups import starting
from domain.topups.applying import AUTOMATIC_FAILURES_MAX
from domain.topups.wishes import AccountSuspended, TopUpAmountOutOfRange
from tests.stripe_twin.faults import Faults
from tests.topups.automatic import buy, let, refuse
from tests.topups.shop import Shop

D = Decimal
HOUR = timedelta(hours=1)


async def test_credit_buys_itself_when_it_is_low(shop: Shop) -> None:
    await let(shop, await shop.saved_card())

    first, again = await buy(shop), await buy(shop)

    assert (first, again) == (1, 0)
    assert await shop.standing() == {"balance": D("75.5")}
    row = await access.read_row("select way, automatic from top_up order by id desc limit 1")
    assert row is not None
    assert tuple(row) == ("SAVED_CARD", True)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"threshold": D("25.49")}, id="credit is above"),
        pytest.param({"active": False}, id="switched off"),
    ],
)
async def test_nothing_buys_itself_otherwise(shop: Shop, changes: dict[str, Any]) -> None:
    await let(shop, await shop.saved_card(), **changes)

    assert await buy(shop) == 0
    assert await shop.standing() == {"balance": D("25.5")}


async def test_nothing_buys_itself_for_a_suspended_account(shop: Shop) -> None:
    await let(shop, await shop.saved_card())
    account: Any = {"company_id": shop.place.company_id, "account_id": shop.account_id}
    await suspension.suspend(**account, expected_version=1, reason="dispute", now=shop.now)
    wish = shop.wish("50", way=PaymentWay.SAVED_CARD, card_id=await card_of(shop), is_present=False)

    bought = await buy(shop)
    with pytest.raises(AccountSuspended):
        await starting.start(
            company_id=shop.place.company_id,
            wish=wish,
            idempotency_key="automatic/1/1",
            gateways=shop.gateways,
            now=shop.now,
        )

    assert bought == 0
    assert await shop.count("top_up") == len(shop.twin.world.all("charge")) == 1
    await suspension.resume(**account, expected_version=2)
    assert await buy(shop) == 1


async def test_nothing_buys_itself_for_who_pays_afterwards(shop: Shop) -> None:
    await let(shop, await shop.saved_card())
    account: Any = {
        "company_id": shop.place.company_id,
        "account_id": shop.account_id,
        "now": shop.now,
    }
    await operations.update(
        **account, expected_version=1, changes={"billing_mode": BillingMode.POSTPAID}
    )
    before = await shop.standing(), len(shop.twin.world.all("charge"))

    assert await buy(shop) == 0
    assert (await shop.standing(), len(shop.twin.world.all("charge"))) == before

    await operations.update(
        **account, expected_version=2, changes={"billing_mode": BillingMode.PREPAID}
    )
    assert await buy(shop) == 1


async def card_of(shop: Shop) -> SavedCardId:
    return SavedCardId((await shop.row("saved_card"))["id"])


async def test_an_account_that_has_ended_is_not_let_buy(shop: Shop) -> None:
    card_id = await shop.saved_card()
    async with access.system() as connection:
        await connection.execute("update account set closed_at = $1", shop.now)

    with pytest.raises(AccountClosed):
        await let(shop, card_id)

    assert await shop.count("automatic_top_up") == 0


async def test_a_card_is_charged_once_an_hour_at_the_most(shop: Shop) -> None:
    await let(shop, await shop.saved_card(), threshold=D(1000))

    bought = []
    for _ in range(4):
        bought.append(await buy(shop))
        shop.move(HOUR / 2)

    assert bought == [1, 0, 1, 0]


async def test_a_lost_answer_buys_once(shop: Shop) -> None:
    await let(shop, await shop.saved_card())
    shop.twin.webhooks.faults = Faults(lost_responses=1)

    bought = [await buy(shop), await buy(shop)]
    shop.move(2 * HOUR)
    bought.append(await buy(shop))

    assert bought == [1, 0, 0]
    assert await shop.standing() == {"balance": D("75.5")}


async def test_a_card_that_fails_again_and_again_is_let_alone(shop: Shop) -> None:
    await let(shop, await shop.saved_card())
    refuse(shop)

    bought = []
    for _ in range(AUTOMATIC_FAILURES_MAX + 2):
        bought.append(await buy(shop))
        shop.move(HOUR)

    row = await shop.row("automatic_top_up")
    assert bought == [1] * AUTOMATIC_FAILURES_MAX + [0, 0]
    assert (row["active"], row["failures"]) == (False, AUTOMATIC_FAILURES_MAX)
    await let(shop, row["saved_card_id"], expected_version=row["version"])
    refuse(shop, "succeeds")
    assert await buy(shop) == 1
    assert (await shop.row("automatic_top_up"))["failures"] == 0


async def test_whoever_changes_it_has_to_have_seen_it(shop: Shop) -> None:
    card_id = await shop.saved_card()
    await let(shop, card_id)

    with pytest.raises(AlreadyExists):
        await let(shop, card_id, amount=D(60))
    with pytest.raises(StaleVersion):
        await let(shop, card_id, amount=D(60), expected_version=7)
    with pytest.raises(TopUpAmountOutOfRange):
        await let(shop, card_id, amount=D("0.5"), expected_version=1)

    row = await shop.row("automatic_top_up")
    assert (row["amount_micro"], row["version"]) == (50_000_000, 1)
    await let(shop, card_id, amount=D(60), expected_version=1)
    assert (await shop.row("automatic_top_up"))["amount_micro"] == 60_000_000

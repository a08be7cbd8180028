"""What the provider takes for payments is in the books, once, and on the company's side."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.analytics import checks, folding
from domain.topups import stripe_facts
from domain.topups.facts import FeeFact
from domain.topups.reconciliation import compare
from tests.topups.shop import Shop

D = Decimal
DAY = timedelta(days=1)
CREATED_S = 1_773_835_200
CHARGE = {"object": "charge", "id": "ch_1", "payment_intent": "pi_1", "currency": "try"}
ENTRY = {
    "id": "txn_1",
    "object": "balance_transaction",
    "created": CREATED_S,
    "currency": "try",
    "fee": 104,
    "source": CHARGE,
}


async def compared(shop: Shop) -> None:
    shop.move(DAY)
    while await compare(gateway=shop.gateway, now=shop.now):
        pass


async def test_a_charges_fee_is_booked_once_however_often_it_is_compared(shop: Shop) -> None:
    await shop.paid()

    for _ in range(3):
        await compared(shop)

    # 2.9 % of 25.50 and 0.30.
    assert await shop.sides() == {
        "CREDIT": D("25.5"),
        "PROVIDER_FEES": D("-1.04"),
        "PROVIDER_CLEARING": D("-24.46"),
    }
    assert await shop.standing() == {"balance": D("25.5")}
    assert (await shop.row("top_up_fee"))["amount_micro"] == 1_040_000


async def test_what_the_provider_owes_is_what_its_account_says(shop: Shop) -> None:
    top_up_id = await shop.paid("100")
    await shop.refund(top_up_id, "30")
    await shop.paid("50", card="pm_card_createDispute")
    (dispute,) = shop.twin.world.all("dispute")
    shop.twin.act("dispute.withdraw", id=dispute["id"])
    shop.twin.act("dispute.close", id=dispute["id"], status="lost")
    await shop.hear()

    await compared(shop)

    entries = shop.twin.world.all("balance_transaction")
    sides = await shop.sides()
    assert -sides["PROVIDER_CLEARING"] == D(sum(one["net"] for one in entries)) / 100
    assert -sides["PROVIDER_FEES"] == D(sum(one["fee"] for one in entries)) / 100
    assert await shop.standing() == {"balance": D(70)}


async def test_fees_that_a_won_dispute_gives_back_are_booked(shop: Shop) -> None:
    await shop.paid("50", card="pm_card_createDispute")
    (dispute,) = shop.twin.world.all("dispute")
    shop.twin.act("dispute.withdraw", id=dispute["id"])
    await shop.hear()
    withdrawn = await shop.sides()
    shop.twin.act("dispute.reinstate", id=dispute["id"])
    shop.twin.act("dispute.close", id=dispute["id"], status="won")
    await shop.hear()

    await compared(shop)

    assert withdrawn["PROVIDER_FEES"] == D(-15)
    assert (await shop.sides())["PROVIDER_FEES"] == D("-1.75")


async def test_fees_of_others_on_the_same_account_are_not_ours(shop: Shop) -> None:
    await shop.gateway._api.payment_intents.create_async(
        {"amount": 5_000, "currency": "try", "payment_method": "pm_card_visa", "confirm": True}
    )

    await compared(shop)

    assert await shop.sides() == {}
    assert await shop.count("top_up_fee") == 0


async def test_the_indicators_agree_with_fees(shop: Shop) -> None:
    await shop.paid()
    await compared(shop)

    while await folding.fold():
        pass

    assert await checks.verify() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, (D("1.04"), "TRY"), id="in the same currency"),
        pytest.param(
            {"currency": "eur", "exchange_rate": 0.025, "fee": 10}, (D(4), "TRY"), id="turned back"
        ),
        pytest.param({"currency": "eur"}, (D("1.04"), "EUR"), id="at no rate that is told"),
        pytest.param({"fee": -50}, (D("-0.5"), "TRY"), id="given back"),
        pytest.param({"fee": 0}, None, id="nothing"),
        pytest.param({"source": None}, None, id="of no payment"),
        pytest.param({"source": "ch_1"}, None, id="a source that was not sent along"),
        pytest.param({"source": {**CHARGE, "object": "dispute"}}, None, id="a dispute's own"),
        pytest.param({"source": {**CHARGE, "payment_intent": None}}, None, id="an old charge"),
    ],
)
def test_a_fee_is_read(changes: dict[str, Any], expected: tuple[Decimal, str] | None) -> None:
    found = stripe_facts.fee({**ENTRY, **changes})

    assert (found and (found.amount, found.currency)) == expected
    if isinstance(found, FeeFact):
        assert (found.reference, found.payment) == ("txn_1", "pi_1")

"""What the provider takes for payments is in the books, once, and on the company's side."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.analytics import checks, folding
from domain.topups import stripe_facts
from domain.topups.applying import FactContradicts, apply
from domain.topups.facts import FeeFact
from domain.topups.reconciliation import compare
from tests.factories import NOW
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


DISPUTE = {
    "object": "dispute",
    "id": "du_1",
    "payment_intent": "pi_1",
    "status": "lost",
    "amount": 10_000,
    "currency": "try",
}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param(
            {"currency": "try", "amount": -10_000, "fee": 1_500},
            (D(100), D(15), "TRY"),
            id="in the same currency",
        ),
        pytest.param(
            {"currency": "eur", "amount": -238, "fee": 1_500, "exchange_rate": 0.023817},
            (D(100), D("629.802242"), "TRY"),
            id="turned back, all of it to the coin",
        ),
        pytest.param(
            {"currency": "eur", "amount": -119, "fee": 0, "exchange_rate": 0.023817},
            (D("49.964311"), D(0), "TRY"),
            id="turned back, a part",
        ),
        pytest.param(
            {"currency": "eur", "amount": -238, "fee": 1_500},
            (D("2.38"), D(15), "EUR"),
            id="at no rate that is told",
        ),
    ],
)
def test_what_a_dispute_moved_is_read_in_its_currency(
    entry: dict[str, Any], expected: tuple[Decimal, Decimal, str]
) -> None:
    told = stripe_facts.dispute({**DISPUTE, "balance_transactions": [entry]}, at=NOW)

    assert (told.withdrawn, told.fee, told.currency) == expected


async def test_what_is_in_no_currency_of_the_account_is_refused(shop: Shop) -> None:
    await shop.paid()
    payment = (await shop.row("top_up"))["payment_reference"]
    before = await shop.sides()
    entry = {"currency": "eur", "amount": -238, "fee": 1_500}
    dispute = {**DISPUTE, "payment_intent": payment, "balance_transactions": [entry]}
    source = {**CHARGE, "payment_intent": payment}
    fee = stripe_facts.fee({**ENTRY, "currency": "eur", "source": source})

    for fact in (fee, stripe_facts.dispute(dispute, at=shop.now)):
        assert fact is not None
        with pytest.raises(FactContradicts, match="is in TRY, not EUR"):
            await apply(fact, provider=shop.gateway.name, now=shop.now)

    assert await shop.sides() == before
    assert await shop.count("top_up_fee") == await shop.count("top_up_dispute") == 0

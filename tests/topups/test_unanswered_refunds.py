"""Refunds that nobody answered: asked for again, then found or given up by what a night saw."""

from datetime import timedelta
from decimal import Decimal

from domain.ledger.queries import verify
from domain.topups import looking
from domain.topups.applying import apply
from domain.topups.gateway import Gateways, RefundRequest
from domain.topups.reconciliation import compare
from tests.stripe_twin.faults import Faults
from tests.topups.shop import Shop
from tests.topups.stripe import nobody_there

D = Decimal
SECOND = timedelta(seconds=1)


async def compared(shop: Shop) -> None:
    while await compare(gateway=shop.gateway, now=shop.now):
        pass


async def test_a_refund_whose_answer_was_lost_is_asked_for_again(shop: Shop) -> None:
    top_up_id = await shop.paid()
    shop.twin.webhooks.faults = Faults(lost_responses=1)
    await shop.refund(top_up_id, "10")
    unheard = (await shop.row("top_up_refund"))["state"], await shop.standing()

    shop.move(timedelta(minutes=2))
    await looking.look_again(gateways=shop.gateways, now=shop.now)

    assert unheard == ("REQUESTED", {"balance": D("15.5")})
    assert (await shop.row("top_up_refund"))["state"] == "SUCCEEDED"
    assert await shop.standing() == {"balance": D("15.5")}
    assert len(shop.twin.world.all("refund")) == 1


async def test_a_refund_that_was_never_made_comes_back_once_a_night_has_not_found_it(
    shop: Shop,
) -> None:
    top_up_id = await shop.paid()
    async with nobody_there() as gateway:
        await shop.refund(top_up_id, "10", by=Gateways(gateway))
    shop.move(looking.GIVE_UP_AFTER)
    await looking.look_again(gateways=shop.gateways, now=shop.now)
    unlooked = (await shop.row("top_up_refund"))["state"], await shop.standing()

    await compared(shop)
    shop.move(timedelta(minutes=10))
    await looking.look_again(gateways=shop.gateways, now=shop.now)

    assert unlooked == ("REQUESTED", {"balance": D("15.5")})
    refund = await shop.row("top_up_refund")
    assert (refund["state"], refund["failure"]) == ("FAILED", "no_answer")
    assert refund["look_again_at"] is None
    assert await shop.standing() == {"balance": D("25.5")}
    assert shop.twin.world.all("refund") == []


async def test_a_refund_that_was_made_unheard_is_found_and_not_given_up(shop: Shop) -> None:
    top_up_id = await shop.paid()
    shop.twin.webhooks.faults = Faults(lost_responses=1)
    await shop.refund(top_up_id, "10")

    shop.move(looking.GIVE_UP_AFTER)
    await compared(shop)
    shop.move(timedelta(minutes=10))
    await looking.look_again(gateways=shop.gateways, now=shop.now)

    assert (await shop.row("top_up_refund"))["state"] == "SUCCEEDED"
    assert await shop.standing() == {"balance": D("15.5")}
    assert len(shop.twin.world.all("refund")) == 1


async def test_a_refund_that_was_made_after_it_was_given_up_is_taken_again(shop: Shop) -> None:
    top_up_id = await shop.paid()
    async with nobody_there() as gateway:
        await shop.refund(top_up_id, "10", by=Gateways(gateway))
        shop.move(looking.GIVE_UP_AFTER - SECOND)
        await compared(shop)
        await looking.look_again(gateways=Gateways(gateway), now=shop.now)
    early = (await shop.row("top_up_refund"))["state"], await shop.standing()
    shop.move(looking.SOON)
    await looking.look_again(gateways=shop.gateways, now=shop.now)
    given_up = await shop.row("top_up_refund"), await shop.standing()
    payment = (await shop.top_up(top_up_id))["payment_reference"]

    fact = await shop.gateway.refund(
        RefundRequest(key=given_up[0]["refund_key"], payment=payment, amount=D(10), currency="TRY")
    )
    for _ in range(2):
        await apply(fact, provider=shop.gateway.name, now=shop.now)

    assert early == ("REQUESTED", {"balance": D("15.5")})
    assert (given_up[0]["state"], given_up[1]) == ("FAILED", {"balance": D("25.5")})
    refund = await shop.row("top_up_refund")
    assert (refund["state"], refund["failure"]) == ("SUCCEEDED", None)
    assert await shop.standing() == {"balance": D("15.5")}
    assert await verify() == []

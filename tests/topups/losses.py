"""Answers and events that are lost, and what is made of them."""

import asyncio
import random
from datetime import timedelta
from decimal import Decimal

from db.enums import PaymentWay
from db.ids import SavedCardId
from domain.topups.reconciliation import compare
from domain.topups.wishes import PaymentUnavailable
from tests.stripe_twin.faults import Faults
from tests.topups.shop import Shop
from tests.topups.stories import balance

AT_ONCE = 10
SHARE_LOST = 0.05
# Of some payments nobody tells at all.
UNTOLD_EVERY = 20
# Those that nobody tells of wait to be paid for an hour, and only so many of an account may.
BETWEEN_PAYMENTS = timedelta(minutes=4)


async def lose_responses(shop: Shop, count: int) -> None:
    """Buy so many times for 10 while as many answers are lost; each has to be paid once."""
    card_id = await shop.saved_card()
    before, _ = await balance(shop)
    charged = len(shop.twin.world.all("charge"))
    shop.twin.webhooks.faults = Faults(lost_responses=count)
    places = asyncio.Semaphore(AT_ONCE)

    async def buy(number: int) -> None:
        async with places:
            while not await _bought(shop, card_id, number):
                pass

    await asyncio.gather(*(buy(number) for number in range(count)))

    assert shop.twin.webhooks.faults.lost_responses == 0
    assert len(shop.twin.world.all("charge")) - charged == count
    after, _ = await balance(shop)
    assert after - before == 10 * count


async def _bought(shop: Shop, card_id: SavedCardId, number: int) -> bool:
    try:
        await shop.start("10", way=PaymentWay.SAVED_CARD, card_id=card_id, key=f"buy {number}")
    except PaymentUnavailable:
        return False
    return True


async def lose_events(shop: Shop, count: int, *, seed: int) -> None:
    """Buy so many times and lose events for ever; the night has to find what they told."""
    chance = random.Random(seed)  # noqa: S311 - a choice, no secret
    lost, expected = 0, Decimal(0)
    for number in range(count):
        started = await shop.start("10")
        shop.submit(started)
        shop.move(BETWEEN_PAYMENTS)
        intent_id = shop.twin.world.all("payment_intent")[0]["id"]
        expected += 10
        if number % 5 == 0:
            await shop.gateway._api.refunds.create_async(
                {"payment_intent": intent_id, "amount": 300}
            )
            expected -= 3
        elif number % 7 == 0:
            shop.twin.act("dispute.open", payment_intent=intent_id)
            expected -= 10
        new = shop.twin.world.events[shop.told :]
        shop.told += len(new)
        is_untold = number % UNTOLD_EVERY == UNTOLD_EVERY // 2
        told = [one for one in new if not is_untold and chance.random() >= SHARE_LOST]
        lost += len(new) - len(told)
        await shop.hear_of(told)
    before, _ = await balance(shop)

    shop.move(timedelta(days=1))
    while await compare(gateway=shop.gateway, now=shop.now):
        pass
    await shop.hear_of([])

    after, _ = await balance(shop)
    assert lost > 0
    assert before != expected
    assert after == expected

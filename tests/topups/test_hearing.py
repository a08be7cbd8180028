"""Events that are lost, repeated and reordered, and the comparison that finds what was lost."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.topups import events
from domain.topups.events import ATTEMPTS_MAX, KEPT
from domain.topups.gateway import ProviderUnavailable
from domain.topups.reconciliation import compare
from tests.topups.shop import Shop
from tests.topups.stripe import nobody_there

D = Decimal
DAY = timedelta(days=1)


async def compared(shop: Shop) -> int:
    """Do a night's comparison; return how many pages it had."""
    pages = 0
    while await compare(gateway=shop.gateway, now=shop.now):
        pages += 1
    return pages


async def test_an_event_is_kept_once(shop: Shop) -> None:
    await shop.paid()

    await shop.hear_of(shop.twin.world.events * 2)

    assert await shop.count("webhook_event") == len(shop.twin.world.events)


async def test_what_came_too_early_is_worked_on_with_what_it_waits_for(shop: Shop) -> None:
    started = await shop.start()
    shop.submit(started, "pm_card_createDispute")
    told = shop.twin.world.events
    disputed = [one for one in told if one["type"] == "charge.dispute.created"]

    await shop.keep([*disputed, *(one for one in told if one not in disputed)])
    await events.work(gateways=shop.gateways, now=shop.now)

    assert await shop.standing() == {}
    assert (await shop.top_up(started.top_up_id))["state"] == "DISPUTED"


async def test_events_of_others_are_none_of_our_business(shop: Shop) -> None:
    await shop.gateway._api.payment_intents.create_async(
        {"amount": 5_000, "currency": "try", "payment_method": "pm_card_visa", "confirm": True}
    )

    await shop.hear()
    await compared(shop)

    assert await shop.count("journal") == 0
    assert await shop.count("webhook_event") == 3


async def test_a_payment_in_another_currency_is_for_people_to_look_at(shop: Shop) -> None:
    started = await shop.start()
    shop.submit(started)
    told = json.loads(json.dumps(shop.twin.world.events).replace('"try"', '"eur"'))

    await shop.hear_of(told)

    assert await shop.standing() == {}
    async with shop.system() as connection:
        states = await connection.fetch(
            "select state, failure from webhook_event where failure is not null"
        )
    assert {row["state"] for row in states} == {"WAITING"}
    assert all("is in TRY, not EUR" in row["failure"] for row in states)


async def test_a_second_payment_for_one_top_up_is_for_people_to_look_at(shop: Shop) -> None:
    await shop.paid()
    told = json.loads(json.dumps(shop.twin.world.events).replace('"pi_', '"pi_2'))

    await shop.hear_of([{**event, "id": f"{event['id']}_2"} for event in told])

    assert await shop.standing() == {"balance": D("25.5")}
    async with shop.system() as connection:
        failures = await connection.fetch("select failure from webhook_event where failure <> ''")
    assert failures
    assert all("is paid twice" in row["failure"] for row in failures)


async def test_what_cannot_be_worked_on_is_given_up_after_two_days(shop: Shop) -> None:
    await shop.paid()
    (intent,) = shop.twin.world.all("payment_intent")
    shop.twin.act("dispute.open", payment_intent=intent["id"])
    told = json.loads(json.dumps(shop.twin.world.events[-1]).replace('"pi_', '"pi_of_others_'))
    await shop.hear_of([told])

    started_at = shop.now
    for _ in range(200):
        shop.move(timedelta(minutes=30))
        await events.work(gateways=shop.gateways, now=shop.now)

    async with shop.system() as connection:
        row = await connection.fetchrow(
            "select state, attempts, next_attempt_at from webhook_event where state <> 'DONE'"
        )
    assert row is not None
    assert (row["state"], row["attempts"]) == ("FAILED", ATTEMPTS_MAX)
    assert timedelta(days=1) < row["next_attempt_at"] - started_at < timedelta(days=4)


async def test_events_are_forgotten_after_three_months(shop: Shop) -> None:
    await shop.paid()

    await events.forget(now=shop.now + KEPT)
    kept = await shop.count("webhook_event")
    await events.forget(now=shop.now + KEPT + timedelta(seconds=1))

    assert kept == len(shop.twin.world.events)
    assert await shop.count("webhook_event") == 0


async def test_a_payment_that_nobody_told_of_is_found_at_night(shop: Shop) -> None:
    started = await shop.start()
    shop.submit(started)

    shop.move(DAY)
    await compared(shop)

    assert await shop.standing() == {"balance": D("25.5")}
    assert (await shop.row("payment_reconciliation"))["found"] == 1


async def test_it_compares_once_a_night(shop: Shop) -> None:
    pages = []
    for _ in range(6):
        pages.append(await compared(shop))
        shop.move(DAY / 2)

    assert pages == [5, 0, 5, 0, 5, 0]


async def test_a_night_goes_on_where_it_was_interrupted(shop: Shop) -> None:
    for _ in range(120):
        await shop.gateway._api.payment_intents.create_async({"amount": 1, "currency": "try"})
    started = await shop.start()
    shop.submit(started)
    shop.move(DAY)
    await compare(gateway=shop.gateway, now=shop.now)
    first_page = await shop.standing()
    async with nobody_there() as gateway:
        with pytest.raises(ProviderUnavailable):
            await compare(gateway=gateway, now=shop.now)

    pages = await compared(shop)

    assert first_page == {"balance": D("25.5")}
    assert pages == 5


async def test_a_card_whose_event_was_lost_is_found_at_night(shop: Shop) -> None:
    started = await shop.start(save_card=True)
    shop.submit(started)
    told = [one for one in shop.twin.world.events if one["type"] == "payment_intent.succeeded"]
    await shop.hear_of(told)

    shop.move(DAY)
    await compared(shop)

    assert (await shop.row("saved_card"))["last4"] == "4242"

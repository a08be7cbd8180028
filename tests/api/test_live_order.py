"""Subscriptions: every event once, from the cursor on, in the world of now."""

from datetime import timedelta
from decimal import Decimal

import pytest

from db import access
from domain.outbox import RETENTION, Cursor, position
from tests.api.live_events import (
    BALANCES,
    HOUR,
    READINGS,
    account,
    changed,
    meter,
    reads,
    rename_meter,
    store,
    told,
    top_up,
)
from tests.api.sockets import LiveApi
from tests.factories import NOW, Place, make_place, make_read, make_register_set
from tests.outbox_rows import others_have_ended
from tests.waiting import until


@pytest.fixture
async def place(api: LiveApi) -> Place:
    """Lend a company with two meters, each with an account of its own."""
    return await make_place(meters=2, price=Decimal("2.5"))


async def test_stored_readings_are_told(api: LiveApi, place: Place) -> None:
    registers = await make_register_set(place.company_id)
    async with api.socket(await api.sign_in(place.company_id)) as socket:
        await socket.subscribe("1", READINGS)
        await until(lambda: api.feed.listeners == 1)
        await store(reads(place, registers, 1_000, 2_000))

        event = await socket.event("1")

    assert event["readingReceived"]["gap"] is False
    assert event["readingReceived"]["readings"] == [
        {
            "meterId": meter(place, number),
            "reading": {
                "readAt": "2026-03-18T11:00:00+00:00",
                "registers": [{"obis": "1.8.0", "quantity": {"value": value}}],
            },
        }
        for number, value in enumerate(["1000", "2000"])
    ]


async def test_batch_that_is_sent_again_tells_only_what_is_new(api: LiveApi, place: Place) -> None:
    registers = await make_register_set(place.company_id)
    first = reads(place, registers, 1_000)
    async with api.socket(await api.sign_in(place.company_id)) as socket:
        await socket.subscribe("1", READINGS)
        await until(lambda: api.feed.listeners == 1)
        await store(first)
        await store(first)
        await store([*first, *reads(place, registers, 3_000, at=NOW)])

        assert told(await socket.event("1")) == [(meter(place), "1000")]
        assert told(await socket.event("1")) == [(meter(place), "3000")]
        assert await socket.is_quiet()


async def test_what_lies_between_the_times_of_a_batch_is_not_told_again(
    api: LiveApi, place: Place
) -> None:
    registers = await make_register_set(place.company_id)
    await store(reads(place, registers, 3_000, at=NOW - HOUR))
    await others_have_ended()
    async with access.system() as connection:
        here = await position(connection, now=NOW)
    late = make_read(place, registers, NOW - 2 * HOUR, 2_000)
    new = make_read(place, registers, NOW, 500, supply=place.supplies[1])
    async with api.socket(await api.sign_in(place.company_id)) as socket:
        await socket.subscribe("1", READINGS, after=str(here))
        await store([late, new])

        assert told(await socket.event("1")) == [(meter(place), "2000"), (meter(place, 1), "500")]


async def test_balance_is_told_as_it_is_now(api: LiveApi, place: Place) -> None:
    registers = await make_register_set(place.company_id)
    async with api.socket(await api.sign_in(place.company_id)) as socket:
        await socket.subscribe("1", BALANCES, accountIds=[account(place)])
        await until(lambda: api.feed.listeners == 1)
        await store(reads(place, registers, 1_000, 1_000))
        charged = await socket.event("1")
        await top_up(place, "100")
        topped_up = await socket.event("1")

    assert [changed(event) for event in (charged, topped_up)] == [
        [(account(place), "-2.500000", "WARNING_LIMIT")],
        [(account(place), "97.500000", "CREDIT")],
    ]


async def test_resuming_tells_what_was_missed(api: LiveApi, place: Place) -> None:
    registers = await make_register_set(place.company_id)
    user = await api.sign_in(place.company_id)
    async with api.socket(user) as socket:
        await socket.subscribe("1", READINGS)
        await until(lambda: api.feed.listeners == 1)
        await store(reads(place, registers, 1_000, at=NOW - 2 * HOUR))
        seen = (await socket.event("1"))["readingReceived"]["cursor"]
    await store(reads(place, registers, 2_000, at=NOW - HOUR))

    async with api.socket(user) as socket:
        await socket.subscribe("1", READINGS, after=seen)
        missed = await socket.event("1")
        await until(lambda: api.feed.listeners == 1)
        await store(reads(place, registers, 3_000, at=NOW))
        live = await socket.event("1")

    assert told(missed) == [(meter(place), "2000")]
    assert told(live) == [(meter(place), "3000")]


async def test_cursor_that_is_too_old_brings_a_gap_and_then_goes_on(
    api: LiveApi, place: Place
) -> None:
    registers = await make_register_set(place.company_id)
    await store(reads(place, registers, 1_000, at=NOW - HOUR))
    await others_have_ended()
    old = str(Cursor(1, 1, NOW - RETENTION - timedelta(seconds=1)))
    async with api.socket(await api.sign_in(place.company_id)) as socket:
        await socket.subscribe("1", READINGS, after=old)
        gap = (await socket.event("1"))["readingReceived"]
        await until(lambda: api.feed.listeners == 1)
        await store(reads(place, registers, 2_000, at=NOW))
        live = await socket.event("1")

    assert (gap["gap"], gap["readings"]) == (True, [])
    assert Cursor.parse(gap["cursor"]).at == NOW
    assert told(live) == [(meter(place), "2000")]


async def test_event_sees_the_world_of_now(api: LiveApi, place: Place) -> None:
    query = "subscription { readingReceived { readings { meter { serial } } } }"
    registers = await make_register_set(place.company_id)
    async with api.socket(await api.sign_in(place.company_id)) as socket:
        await socket.subscribe("1", query)
        await until(lambda: api.feed.listeners == 1)
        await store(reads(place, registers, 1_000, at=NOW - HOUR))
        before = await socket.event("1")
        await rename_meter(place, "renamed")
        await store(reads(place, registers, 2_000, at=NOW))
        after = await socket.event("1")

    assert before["readingReceived"]["readings"][0]["meter"] == {"serial": place.supplies[0].serial}
    assert after["readingReceived"]["readings"][0]["meter"] == {"serial": "renamed"}

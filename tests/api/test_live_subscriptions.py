"""Subscriptions: what the caller may see and asked for, and nothing else."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from api.global_ids import encode
from db.enums import Role
from domain.hierarchy import fields
from domain.subscribers import operations as subscribers
from tests.api.live_events import (
    BALANCES,
    HOUR,
    READINGS,
    account,
    codes,
    meter,
    reads,
    store,
    told,
)
from tests.api.sockets import LiveApi
from tests.factories import (
    KEYRING,
    NOW,
    Place,
    add_supply,
    make_place,
    make_read,
    make_register_set,
)
from tests.waiting import until


@pytest.fixture
async def place(api: LiveApi) -> Place:
    """Lend a company with two meters, each with an account of its own."""
    return await make_place(meters=2, price=Decimal("2.5"))


async def test_another_company_is_never_told(api: LiveApi, place: Place) -> None:
    theirs = await make_place()
    async with api.socket(await api.sign_in(place.company_id)) as socket:
        await socket.subscribe("1", READINGS)
        await socket.subscribe("2", BALANCES)
        await until(lambda: api.feed.listeners == 2)
        await store(reads(theirs, await make_register_set(theirs.company_id), 1_000))

        assert await socket.is_quiet()


async def test_caller_without_the_scope_is_told_nothing(api: LiveApi, place: Place) -> None:
    staff = await api.sign_in_staff(place.company_id)
    async with api.socket(staff) as socket:
        await socket.subscribe("1", BALANCES)

        assert codes(await socket.receive()) == ["FORBIDDEN"]
    assert api.feed.listeners == 0


@pytest.mark.parametrize("kind", ["meterIds", "fieldId", "accountId"])
async def test_object_of_another_company_is_not_found(
    api: LiveApi, place: Place, kind: str
) -> None:
    theirs = await make_place()
    asked = {
        "meterIds": [meter(place), meter(theirs)],
        "fieldId": encode("Field", theirs.field_id),
        "accountId": account(theirs),
    }
    async with api.socket(await api.sign_in(place.company_id)) as socket:
        await socket.subscribe("1", READINGS, **{kind: asked[kind]})

        message = await socket.receive()

    assert codes(message) == ["NOT_FOUND"]
    assert api.feed.listeners == 0


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"meterIds": ["nonsense"]}, id="undecodable"),
        pytest.param({"meterIds": [encode("Account", 1)]}, id="of another type"),
        pytest.param({"meterIds": [encode("Meter", 1)] * 501}, id="too many"),
        pytest.param({"after": "nonsense"}, id="no cursor"),
    ],
)
async def test_bad_arguments_are_refused(
    api: LiveApi, place: Place, variables: dict[str, Any]
) -> None:
    async with api.socket(await api.sign_in(place.company_id)) as socket:
        await socket.subscribe("1", READINGS, **variables)

        assert codes(await socket.receive()) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("kind", ["meterIds", "accountId"])
async def test_arguments_narrow_what_is_told(api: LiveApi, place: Place, kind: str) -> None:
    registers = await make_register_set(place.company_id)
    asked = {"meterIds": [meter(place, 1)], "accountId": account(place, 1)}
    async with api.socket(await api.sign_in(place.company_id)) as socket:
        await socket.subscribe("1", READINGS, **{kind: asked[kind]})
        await until(lambda: api.feed.listeners == 1)
        await store(reads(place, registers, 1_000))
        await store(reads(place, registers, 2_000, 3_000, at=NOW))

        assert told(await socket.event("1")) == [(meter(place, 1), "3000")]


async def test_operator_of_a_field_is_told_of_that_field_alone(api: LiveApi, place: Place) -> None:
    elsewhere = await fields.create(
        company_id=place.company_id, branch_id=place.branch_id, name="Elsewhere"
    )
    user = await api.sign_in(place.company_id, Role.OPERATOR, field_id=elsewhere)
    async with api.socket(user) as socket:
        await socket.subscribe("1", READINGS)
        await socket.subscribe("2", BALANCES)
        await until(lambda: api.feed.listeners == 2)
        await store(reads(place, await make_register_set(place.company_id), 1_000))

        assert await socket.is_quiet()


async def test_subscriber_is_told_of_the_own_meters_alone(api: LiveApi, place: Place) -> None:
    own = await subscribers.create(
        company_id=place.company_id, reference="own", contact={"name": "Own"}, keyring=KEYRING
    )
    theirs = place.supplies[0]
    own_supply = await add_supply(replace(place, subscriber_id=own))
    registers = await make_register_set(place.company_id)
    user = await api.sign_in(place.company_id, Role.SUBSCRIBER, subscriber_id=own)
    async with api.socket(user) as socket:
        await socket.subscribe("1", READINGS)
        await until(lambda: api.feed.listeners == 1)
        await store(
            [
                make_read(place, registers, NOW - HOUR, 1_000, supply=theirs),
                make_read(place, registers, NOW - HOUR, 2_000, supply=own_supply),
            ]
        )

        assert told(await socket.event("1")) == [(encode("Meter", own_supply.meter_id), "2000")]

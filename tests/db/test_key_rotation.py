"""Rotating keys."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta

import pytest

from db.enums import Scope
from domain.identity.rules import ScopeNotHeld
from domain.keys import operations, queries
from domain.keys.rules import KeyEnded, RotationUnderWay
from domain.keys.text import hash_of_secret, new_secret
from domain.refusals import NotThere
from tests.db.keys import ADMINISTRATOR, KEY, create, keys_of, rotate
from tests.factories import NOW, make_place

pytestmark = pytest.mark.usefixtures("connected")


async def test_a_rotated_key_goes_on_beside_its_successor_for_a_while() -> None:
    place = await make_place(meters=0)
    expires_at = NOW + timedelta(days=90)
    old = await create(
        place.company_id,
        replace(KEY, expires_at=expires_at, addresses=["192.0.2.1"], cost_per_s=7),
    )
    later = NOW + timedelta(days=80)
    secret = new_secret()

    new = await rotate(place.company_id, old, secret=secret, now=later)

    before, after = await keys_of(place.company_id)
    assert (before["id"], after["id"]) == (old, new)
    assert before["expires_at"] == later + timedelta(days=1)
    assert after["expires_at"] == later + timedelta(days=90)
    assert after["secret_hash"] == hash_of_secret(secret) != before["secret_hash"]
    same = ["name", "scopes", "addresses", "cost_per_s", "partner", "document_ids"]
    assert [before[column] for column in same] == [after[column] for column in same]
    assert (await queries.rights_of([old], now=later)).get(old) is not None
    assert (await queries.rights_of([old], now=later + timedelta(days=1))).get(old) is None


async def test_rotating_never_lengthens_the_old_keys_life() -> None:
    place = await make_place(meters=0)
    soon = NOW + timedelta(hours=1)
    old = await create(place.company_id, replace(KEY, expires_at=soon))

    await rotate(place.company_id, old, old_ends_at=NOW + timedelta(days=20))

    assert (await keys_of(place.company_id))[0]["expires_at"] == soon


async def test_two_keys_of_a_name_are_live_and_no_third() -> None:
    place = await make_place(meters=0)
    old = await create(place.company_id)

    outcomes = await asyncio.gather(
        *(rotate(place.company_id, old) for _ in range(3)), return_exceptions=True
    )

    assert sum(isinstance(one, RotationUnderWay) for one in outcomes) == 2
    assert len(await keys_of(place.company_id)) == 2


async def test_whoever_rotates_a_key_holds_all_that_it_does() -> None:
    place = await make_place(meters=0)
    old = await create(place.company_id)
    lesser = replace(ADMINISTRATOR, scopes=frozenset({Scope.METERS_READ, Scope.KEYS_WRITE}))

    with pytest.raises(ScopeNotHeld):
        await rotate(place.company_id, old, maker=lesser)

    assert len(await keys_of(place.company_id)) == 1


async def test_a_key_that_has_ended_is_not_rotated() -> None:
    place = await make_place(meters=0)
    revoked = await create(place.company_id)
    await operations.revoke(company_id=place.company_id, key_id=revoked, now=NOW)
    end = NOW + timedelta(days=1)
    expired = await create(place.company_id, replace(KEY, expires_at=end))

    for key_id, now in ((revoked, NOW), (expired, end)):
        with pytest.raises(KeyEnded):
            await rotate(place.company_id, key_id, now=now)

    assert len(await keys_of(place.company_id)) == 2


async def test_another_companys_key_is_not_there() -> None:
    mine, other = await make_place(meters=0), await make_place(meters=0)
    key_id = await create(other.company_id)

    async def refused(work: Awaitable[object]) -> None:
        with pytest.raises(NotThere):
            await work

    await refused(rotate(mine.company_id, key_id))
    await refused(operations.revoke(company_id=mine.company_id, key_id=key_id, now=NOW))

    (row,) = await keys_of(other.company_id)
    assert (row["revoked_at"], row["version"]) == (None, 1)

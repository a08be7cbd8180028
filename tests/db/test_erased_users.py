"""The users of a subscriber whose data is destroyed: they are people as well."""

from typing import Any

import pytest

from db import access
from db.enums import ErasureReason, Role, Scope
from db.ids import InvitationId, UserId
from domain.identity import invitations, memberships, operations
from domain.identity.keys import Keys
from domain.identity.rules import WHOLE_COMPANY, GivenRole, Giver
from domain.identity.rules import Place as GivenPlace
from domain.subscribers import erasure
from domain.subscribers.operations import SubscriberErased
from tests.factories import NOW, Place, make_place

KEYS = Keys("a secret that is long enough for a test")
SUBSCRIBER = GivenRole(role=Role.SUBSCRIBER)


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(meters=0)


async def fetch(query: str, *arguments: object) -> list[dict[str, Any]]:
    async with access.system() as connection:
        return [dict(row) for row in await connection.fetch(query, *arguments)]


async def make_user(email: str) -> UserId:
    (row,) = await fetch(
        "insert into app_user (email, name, password_hash, created_at)"
        " values ($1, 'Ayşe Işık', 'a hash', $2) returning id",
        email,
        NOW,
    )
    return UserId(row["id"])


async def make_member(place: Place, email: str) -> UserId:
    user_id = await make_user(email)
    await operations.add_membership(
        company_id=place.company_id,
        user_id=user_id,
        role=Role.SUBSCRIBER,
        subscriber_id=place.subscriber_id,
    )
    return user_id


async def giver() -> Giver:
    user_id = await make_user("administrator@example.com")
    return Giver(user_id=user_id, scopes=frozenset(Scope), place=WHOLE_COMPANY)


async def invite(place: Place, email: str) -> InvitationId:
    return await invitations.invite(
        company_id=place.company_id,
        email=email,
        name="Ayşe Işık",
        given=SUBSCRIBER,
        place=GivenPlace(subscriber_id=place.subscriber_id),
        giver=await giver(),
        keys=KEYS,
        now=NOW,
    )


async def erase(place: Place) -> None:
    await erasure.erase(
        company_id=place.company_id,
        subscriber_id=place.subscriber_id,
        reason=ErasureReason.REQUESTED,
        now=NOW,
    )


async def test_a_user_who_was_nothing_else_is_made_anonymous(place: Place) -> None:
    user_id = await make_member(place, "ayse@example.com")

    await erase(place)

    assert await fetch("select email, name, active, password_hash from app_user") == [
        {
            "email": f"removed-{user_id}@removed.invalid",
            "name": "removed",
            "active": False,
            "password_hash": None,
        }
    ]
    assert await fetch("select from membership") == []


async def test_a_user_of_another_company_stays_there(place: Place) -> None:
    user_id = await make_member(place, "ayse@example.com")
    other = await make_place(meters=0)
    await operations.add_membership(
        company_id=other.company_id, user_id=user_id, role=Role.OPERATOR
    )

    await erase(place)

    assert await fetch("select email, active from app_user") == [
        {"email": "ayse@example.com", "active": True}
    ]
    assert await fetch("select company_id from membership") == [{"company_id": other.company_id}]


async def test_an_invitation_ends_and_who_it_was_for_is_forgotten(place: Place) -> None:
    await invite(place, "ayse@example.com")

    await erase(place)

    assert await fetch("select revoked_at from invitation") == [{"revoked_at": NOW}]
    assert await fetch("select from app_user where email = 'ayse@example.com'") == []


async def test_nobody_becomes_a_user_of_who_was_erased(place: Place) -> None:
    user_id = await make_user("bora@example.com")
    await operations.add_membership(
        company_id=place.company_id, user_id=user_id, role=Role.OPERATOR
    )
    await erase(place)

    with pytest.raises(SubscriberErased):
        await invite(place, "ayse@example.com")
    with pytest.raises(SubscriberErased):
        await memberships.update(
            company_id=place.company_id,
            user_id=user_id,
            expected_version=1,
            given=SUBSCRIBER,
            place=GivenPlace(subscriber_id=place.subscriber_id),
            giver=Giver(user_id=user_id, scopes=frozenset(Scope), place=WHOLE_COMPANY),
        )

    assert await fetch("select from invitation") == []
    assert await fetch("select role from membership") == [{"role": "OPERATOR"}]

"""Somebody is forgotten who is awaited by nobody any more, and only then."""

import asyncio

import asyncpg
import pytest

from db import access
from db.enums import Role, Scope
from db.ids import UserId
from db.settings import Urls
from domain.identity import invitations
from domain.identity.keys import Keys
from domain.identity.rules import WHOLE_COMPANY, GivenRole, Giver
from tests.factories import NOW, Place, make_place
from tests.waiting import others_wait

EMAIL = "deniz@example.com"


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(meters=0)


async def giver() -> Giver:
    async with access.system() as connection:
        user_id = await connection.fetchval(
            "insert into app_user (email, name, password_hash, created_at)"
            " values ('administrator@example.com', 'Administrator', '', $1) returning id",
            NOW,
        )
    return Giver(user_id=UserId(user_id), scopes=frozenset(Scope), place=WHOLE_COMPANY)


async def test_who_is_being_invited_elsewhere_is_not_forgotten(
    place: Place, database: Urls
) -> None:
    other, inviting = await make_place(meters=0), await giver()
    invitation_id = await invitations.invite(
        company_id=place.company_id,
        email=EMAIL,
        name="Deniz",
        given=GivenRole(role=Role.OPERATOR),
        place=WHOLE_COMPANY,
        giver=inviting,
        keys=Keys("a secret that is long enough for a test"),
        now=NOW,
    )
    owner = await asyncpg.connect(database.owner)
    try:
        async with owner.transaction():
            await owner.execute(
                "insert into invitation (company_id, user_id, role, token_hash, created_at,"
                " expires_at) select $1, id, 'OPERATOR', 'x', $2, $2 from app_user"
                " where email = $3",
                other.company_id,
                NOW,
                EMAIL,
            )
            revoking = asyncio.ensure_future(
                invitations.revoke(
                    company_id=place.company_id,
                    invitation_id=invitation_id,
                    expected_version=1,
                    giver=inviting,
                    now=NOW,
                )
            )
            await others_wait(owner, 1)
        await revoking
        users = await owner.fetch("select active from app_user where email = $1", EMAIL)
    finally:
        await owner.close()

    assert [user["active"] for user in users] == [True]

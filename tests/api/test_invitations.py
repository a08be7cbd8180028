"""Inviting people by mail, and what the token of the mail is good for."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from api.global_ids import encode
from db import access
from db.enums import Role
from db.ids import CompanyId
from domain.identity.invitations import GOOD_FOR
from tests.api.memberships import roles
from tests.api.test_own_roles import manager
from tests.api.web import PASSWORD, SECRET, Answer, User, Web
from tests.factories import Place, make_place
from tests.mailbox import letters, token_in

INVITATION = "invitation { id email role version } userErrors { code path }"
INVITE = f"mutation ($input: InviteUserInput!) {{ inviteUser(input: $input) {{ {INVITATION} }} }}"
RESEND = (
    f"mutation ($input: VersionInput!) {{ resendInvitation(input: $input) {{ {INVITATION} }} }}"
)
REVOKE = (
    f"mutation ($input: VersionInput!) {{ revokeInvitation(input: $input) {{ {INVITATION} }} }}"
)
ACCEPT = """
mutation ($input: AcceptInvitationInput!) {
  acceptInvitation(input: $input) { email userErrors { code path } }
}
"""
INVITED = "new@example.com"


@pytest.fixture
async def place(web: Web) -> Place:
    return await make_place(meters=0)


async def invite(
    web: Web, by: User, *, email: str = INVITED, role: str = "OPERATOR", **more: Any
) -> Answer:
    wanted = {"email": email, "name": "Can", "role": {"builtIn": role}, **more}
    return await web.ask(INVITE, by, input=wanted)


async def accept(web: Web, token: str, password: str | None = PASSWORD) -> Answer:
    return await web.ask(ACCEPT, input={"token": token, "password": password})


async def mailed_token(web: Web) -> str:
    (letter,) = await letters(SECRET, now=web.clock())
    return token_in(letter)


async def users() -> list[str]:
    async with access.system() as connection:
        rows = await connection.fetch("select email from app_user order by email")
    return [row["email"] for row in rows]


async def members(company_id: CompanyId) -> int:
    return len(await roles(company_id))


async def test_an_invited_person_chooses_a_password_and_signs_in(
    web: Web, place: Place, administrator: User
) -> None:
    invited = await invite(web, administrator)
    (letter,) = await letters(SECRET, now=web.clock())
    before = await web.sign_in(INVITED)

    accepted = await accept(web, token_in(letter))
    signed_in = await web.sign_in(INVITED)

    assert invited.data["inviteUser"]["invitation"]["role"] == "OPERATOR"
    assert letter.to == INVITED
    assert letter.subject.startswith("Invitation to Company")
    assert before.data["signIn"]["tokens"] is None
    assert accepted.data == {"acceptInvitation": {"email": INVITED, "userErrors": []}}
    token = signed_in.data["signIn"]["tokens"]["accessToken"]
    who = await web.ask_with(token, "{ viewer { role name } }")
    assert who.data == {"viewer": {"role": "OPERATOR", "name": "Can"}}


async def test_the_mail_speaks_the_companys_language(
    web: Web, place: Place, administrator: User
) -> None:
    async with access.system() as connection:
        await connection.execute("update company set locale = 'tr'")
    await invite(web, administrator)

    (letter,) = await letters(SECRET, now=web.clock())

    assert letter.subject.endswith("daveti")
    assert "https://meters.example/invitation#token=" in letter.text


async def test_no_token_stands_anywhere_at_rest(
    web: Web, place: Place, administrator: User
) -> None:
    await invite(web, administrator)
    token = await mailed_token(web)

    async with access.system() as connection:
        everything = [
            str(row)
            for table in ("message", "message_event", "invitation", "daily_entry")
            for row in await connection.fetch(f"select * from {table}")
        ]

    assert len(everything) > 3
    assert not [row for row in everything if token in row]
    assert not [row for row in everything if INVITED in row]


async def test_an_invitation_is_accepted_once(web: Web, place: Place, administrator: User) -> None:
    await invite(web, administrator)
    token = await mailed_token(web)

    answers = await asyncio.gather(*(accept(web, token) for _ in range(4)))

    emails = [answer.data["acceptInvitation"]["email"] for answer in answers]
    assert sorted(emails, key=str) == [None, None, None, INVITED]
    assert await members(place.company_id) == 2


@pytest.mark.parametrize("password", [None, "short"])
async def test_somebody_new_needs_a_password(
    web: Web, place: Place, administrator: User, password: str | None
) -> None:
    await invite(web, administrator)
    token = await mailed_token(web)

    answer = await accept(web, token, password)

    error = answer.data["acceptInvitation"]["userErrors"][0]
    assert error["path"] == ["input", "password"]
    assert await members(place.company_id) == 1


async def test_an_invitation_gives_a_user_a_role_and_leaves_the_password(
    web: Web, place: Place, administrator: User
) -> None:
    other = await web.user((await make_place(meters=0)).company_id)
    await invite(web, administrator, email=other.email.upper())
    token = await mailed_token(web)

    accepted = await accept(web, token, "another long password")

    assert accepted.data["acceptInvitation"]["email"] == other.email
    assert (await web.sign_in(other.email, "another long password")).data["signIn"][
        "tokens"
    ] is None
    in_place = await web.ask(
        "{ viewer { role } }", other.acting_in(encode("Company", place.company_id))
    )
    assert in_place.data == {"viewer": {"role": "OPERATOR"}}


async def test_an_invitation_ends_after_seven_days(
    web: Web, place: Place, administrator: User
) -> None:
    await invite(web, administrator)
    token = await mailed_token(web)
    web.clock.move(GOOD_FOR)

    answer = await accept(web, token)

    assert answer.data["acceptInvitation"]["userErrors"][0]["code"] == "LINK_INVALID"
    assert await members(place.company_id) == 1


async def test_sending_an_invitation_again_voids_the_older_link(
    web: Web, place: Place, administrator: User
) -> None:
    made = (await invite(web, administrator)).data["inviteUser"]["invitation"]
    old = await mailed_token(web)

    seen = {"id": made["id"], "expectedVersion": 1}
    again = await web.ask(RESEND, administrator, input=seen)
    new = await mailed_token(web)

    assert again.data["resendInvitation"]["invitation"]["version"] == 2
    assert (await accept(web, old)).data["acceptInvitation"]["email"] is None
    assert (await accept(web, new)).data["acceptInvitation"]["email"] == INVITED


async def test_a_revoked_invitation_leaves_nothing_of_the_person(
    web: Web, place: Place, administrator: User
) -> None:
    made = (await invite(web, administrator)).data["inviteUser"]["invitation"]
    token = await mailed_token(web)

    revoked = await web.ask(REVOKE, administrator, input={"id": made["id"], "expectedVersion": 1})

    assert revoked.data["revokeInvitation"] == {"invitation": None, "userErrors": []}
    assert (await accept(web, token)).data["acceptInvitation"]["email"] is None
    assert INVITED not in await users()
    listed = await web.ask("{ invitations { nodes { email } } }", administrator)
    assert listed.data == {"invitations": {"nodes": []}}


async def test_a_mail_of_a_revoked_invitation_is_not_sent(
    web: Web, place: Place, administrator: User
) -> None:
    made = (await invite(web, administrator)).data["inviteUser"]["invitation"]
    await web.ask(REVOKE, administrator, input={"id": made["id"], "expectedVersion": 1})

    assert await letters(SECRET, now=web.clock()) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"email": "nobody"}, "INVALID_VALUE", id="no address"),
        pytest.param({"email": "a b@example.com"}, "INVALID_VALUE", id="a space"),
        pytest.param({"email": "a@b.example\nBcc: c@d.example"}, "INVALID_VALUE", id="two lines"),
        pytest.param({"role": "DEVELOPER"}, "INVALID_VALUE", id="the platform's role"),
        pytest.param({"name": ""}, "INVALID_VALUE", id="no name"),
    ],
)
async def test_what_cannot_be_invited_is_not(
    web: Web, place: Place, administrator: User, changes: dict[str, Any], code: str
) -> None:
    answer = await invite(web, administrator, **changes)

    assert answer.data["inviteUser"]["userErrors"][0]["code"] == code
    assert await users() == [administrator.email]
    assert await letters(SECRET, now=web.clock()) == []


async def test_a_member_and_an_invited_person_are_not_invited_again(
    web: Web, place: Place, administrator: User
) -> None:
    await invite(web, administrator)

    answers = [
        await invite(web, administrator),
        await invite(web, administrator, email=administrator.email),
    ]

    errors = [answer.data["inviteUser"]["userErrors"] for answer in answers]
    assert errors == [[{"code": "ALREADY_EXISTS", "path": ["input", "email"]}]] * 2
    assert len(await letters(SECRET, now=web.clock())) == 1


async def test_nobody_invites_to_more_than_they_hold(
    web: Web, place: Place, administrator: User
) -> None:
    lesser = await manager(web, place, administrator)
    confined = await web.user(place.company_id, branch_id=place.branch_id)

    above = await invite(web, lesser, role="OPERATOR")
    beyond = await invite(web, confined)

    assert above.data["inviteUser"]["userErrors"][0]["code"] == "SCOPE_NOT_HELD"
    assert beyond.data["inviteUser"]["userErrors"][0]["code"] == "PLACE_NOT_HELD"
    assert INVITED not in await users()


async def test_without_the_scope_nobody_is_invited(web: Web, place: Place) -> None:
    operator = await web.user(place.company_id, Role.OPERATOR)

    answer = await invite(web, operator)

    assert answer.errors == [("FORBIDDEN", ["inviteUser"])]
    assert await letters(SECRET, now=web.clock()) == []


async def test_guesses_of_tokens_are_limited(web: Web) -> None:
    answers = [await accept(web, f"guess {number}") for number in range(11)]

    assert [answer.codes for answer in answers[:10]] == [[]] * 10
    assert answers[10].codes == ["RATE_LIMITED"]
    web.clock.move(timedelta(minutes=1))
    assert (await accept(web, "guess")).codes == []

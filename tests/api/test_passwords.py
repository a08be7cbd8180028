"""Changing a password, and choosing a new one by a mailed link that tells strangers nothing."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from db import access
from domain.messages.user_letters import RESET_GOOD_FOR
from tests.api.test_sessions import ENDED
from tests.api.web import PASSWORD, SECRET, Answer, User, Web
from tests.factories import make_place
from tests.mailbox import letters, token_in

CHANGE = """
mutation ($input: ChangePasswordInput!) {
  changePassword(input: $input) { changed userErrors { code path message } }
}
"""
REQUEST = """
mutation ($input: RequestPasswordResetInput!) {
  requestPasswordReset(input: $input) { requested userErrors { code } }
}
"""
RESET = """
mutation ($input: ResetPasswordInput!) {
  resetPassword(input: $input) { reset userErrors { code path } }
}
"""
NEW = "a new password, longer"
WHO = "{ viewer { name } }"


@pytest.fixture
async def user(web: Web) -> User:
    return await web.user((await make_place(meters=0)).company_id)


async def request(web: Web, email: str) -> Answer:
    return await web.ask(REQUEST, input={"email": email})


async def reset(web: Web, token: str, password: str = NEW) -> Answer:
    return await web.ask(RESET, input={"token": token, "password": password})


async def mailed_token(web: Web, user: User) -> str:
    await request(web, user.email)
    (letter,) = await letters(SECRET, now=web.clock())
    assert letter.to == user.email
    return token_in(letter)


async def can_sign_in(web: Web, user: User, password: str) -> bool:
    return (await web.sign_in(user.email, password)).data["signIn"]["tokens"] is not None


async def second_session(web: Web, user: User) -> dict[str, Any]:
    tokens: dict[str, Any] = (await web.sign_in(user.email)).data["signIn"]["tokens"]
    return tokens


async def test_a_changed_password_ends_the_other_sessions(web: Web, user: User) -> None:
    other = await second_session(web, user)

    answer = await web.ask(CHANGE, user, input={"password": PASSWORD, "newPassword": NEW})

    assert answer.data == {"changePassword": {"changed": True, "userErrors": []}}
    assert (await web.ask(WHO, user)).data == {"viewer": {"name": "Deniz"}}
    assert (await web.ask_with(other["accessToken"], WHO)).codes == ["UNAUTHENTICATED"]
    assert (await web.refresh(other["refreshToken"])).data == {"refreshSession": ENDED}
    assert await can_sign_in(web, user, NEW)
    assert not await can_sign_in(web, user, PASSWORD)


async def test_a_changed_password_is_told_of_by_mail(web: Web, user: User) -> None:
    await web.ask(CHANGE, user, input={"password": PASSWORD, "newPassword": NEW})

    (letter,) = await letters(SECRET, now=web.clock())

    assert (letter.to, letter.subject) == (user.email, "Your password was changed")


@pytest.mark.parametrize(
    ("password", "new", "code"),
    [
        pytest.param("not the old one", NEW, "WRONG_PASSWORD", id="the old one is wrong"),
        pytest.param(PASSWORD, "short", "PASSWORD_TOO_WEAK", id="the new one is short"),
        pytest.param(PASSWORD, "x" * 1_025, "PASSWORD_TOO_WEAK", id="the new one is long"),
    ],
)
async def test_a_password_that_may_not_change_does_not(
    web: Web, user: User, password: str, new: str, code: str
) -> None:
    answer = await web.ask(CHANGE, user, input={"password": password, "newPassword": new})

    assert answer.data["changePassword"]["userErrors"][0]["code"] == code
    assert await can_sign_in(web, user, PASSWORD)


async def test_guesses_of_the_old_password_are_limited(web: Web, user: User) -> None:
    for number in range(5):
        await web.ask(CHANGE, user, input={"password": f"guess {number}", "newPassword": NEW})

    answer = await web.ask(CHANGE, user, input={"password": PASSWORD, "newPassword": NEW})

    assert answer.errors == [("RATE_LIMITED", ["changePassword"])]
    assert await can_sign_in(web, user, PASSWORD)


async def test_a_mailed_link_brings_a_new_password_and_ends_all_sessions(
    web: Web, user: User
) -> None:
    token = await mailed_token(web, user)

    answer = await reset(web, token)

    assert answer.data == {"resetPassword": {"reset": True, "userErrors": []}}
    assert (await web.ask(WHO, user)).codes == ["UNAUTHENTICATED"]
    assert await can_sign_in(web, user, NEW)


async def test_a_link_is_good_for_one_password(web: Web, user: User) -> None:
    token = await mailed_token(web, user)

    answers = await asyncio.gather(*(reset(web, token, f"{NEW} {number}") for number in range(4)))

    endings = [answer.data["resetPassword"]["reset"] for answer in answers]
    assert sorted(endings, key=str) == [None, None, None, True]
    assert await can_sign_in(web, user, f"{NEW} {endings.index(True)}")


async def test_a_new_password_voids_the_other_links(web: Web, user: User) -> None:
    first = await mailed_token(web, user)
    second = await mailed_token(web, user)
    await reset(web, second)

    answer = await reset(web, first, "yet another password")

    assert answer.data["resetPassword"]["userErrors"] == [
        {"code": "LINK_INVALID", "path": ["input", "token"]}
    ]
    assert await can_sign_in(web, user, NEW)


async def test_a_link_ends_after_two_hours(web: Web, user: User) -> None:
    token = await mailed_token(web, user)
    web.clock.move(RESET_GOOD_FOR)

    answer = await reset(web, token)

    assert answer.data["resetPassword"]["reset"] is None
    assert await can_sign_in(web, user, PASSWORD)


async def test_a_disabled_user_chooses_no_password(web: Web, user: User) -> None:
    token = await mailed_token(web, user)
    async with access.system() as connection:
        await connection.execute("update app_user set active = false")

    answer = await reset(web, token)

    assert answer.data["resetPassword"]["reset"] is None


async def test_nobody_learns_whether_an_address_is_known(web: Web, user: User) -> None:
    """The same answer, and the same statements behind it: only the worker looks."""
    known = await request(web, user.email)
    unknown = await request(web, "nobody@example.com")

    async with access.system() as connection:
        rows = await connection.fetch(
            "select company_id, kind, user_id, reference_id, locale, state from message order by id"
        )
    assert known.data == unknown.data
    assert rows[0] == rows[1]


async def test_an_address_that_waits_is_sealed(web: Web, user: User) -> None:
    await request(web, user.email)

    async with access.system() as connection:
        sealed = await connection.fetchval("select sealed from message")

    assert user.email.encode() not in sealed


async def test_mails_to_one_address_are_limited(web: Web, user: User) -> None:
    answers = [await request(web, email) for email in [user.email] * 3 + [user.email.upper()]]

    assert [answer.codes for answer in answers] == [[], [], [], ["RATE_LIMITED"]]
    assert len(await letters(SECRET, now=web.clock())) == 3
    web.clock.move(timedelta(hours=1))
    assert (await request(web, user.email)).codes == []

"""Signing in, going on, and signing out."""

from datetime import timedelta

import pytest

from db import access
from domain.identity.operations import PASSWORD_CHARACTERS_MIN, PasswordTooWeak, create_user
from tests.api.web import Web
from tests.factories import NOW, make_place

WHO = "{ viewer { name } }"
WRONG = {"tokens": None, "userErrors": [{"code": "INVALID_CREDENTIALS", "path": ["input"]}]}
ENDED = {
    "tokens": None,
    "userErrors": [{"code": "SESSION_ENDED", "path": ["input", "refreshToken"]}],
}


async def sessions() -> int:
    async with access.system() as connection:
        return int(await connection.fetchval("select count(*) from session"))


async def test_email_and_password_open_a_session(web: Web) -> None:
    _, email = await web.create_user()

    answer = await web.sign_in(email.upper())

    tokens = answer.data["signIn"]["tokens"]
    assert tokens["accessTokenExpiresAt"] == "2026-03-18T12:15:00+00:00"
    assert (await web.ask_with(tokens["accessToken"], WHO)).data == {"viewer": {"name": "Deniz"}}


async def test_a_wrong_password_and_an_unknown_email_get_the_same_answer(web: Web) -> None:
    _, email = await web.create_user()

    wrong = await web.sign_in(email, "wrong password")
    unknown = await web.sign_in("nobody@example.com")

    assert wrong.data == unknown.data == {"signIn": WRONG}
    assert await sessions() == 0


async def test_a_disabled_user_does_not_get_in(web: Web) -> None:
    _, email = await web.create_user()
    async with access.system() as connection:
        await connection.execute("update app_user set active = false")

    answer = await web.sign_in(email)

    assert answer.data == {"signIn": WRONG}
    assert await sessions() == 0


async def test_passwords_are_stored_as_argon2id(web: Web) -> None:
    await web.create_user()

    async with access.system() as connection:
        stored = await connection.fetchval("select password_hash from app_user")

    assert stored.startswith("$argon2id$")


async def test_a_short_password_makes_no_user(web: Web) -> None:
    with pytest.raises(PasswordTooWeak):
        await create_user(
            email="short@example.com",
            name="Short",
            password="x" * (PASSWORD_CHARACTERS_MIN - 1),
            passwords=web.passwords,
            now=NOW,
        )

    async with access.system() as connection:
        assert await connection.fetchval("select count(*) from app_user") == 0


async def test_a_refresh_token_brings_new_tokens_once(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    first = (await web.refresh(user.tokens["refreshToken"])).data["refreshSession"]["tokens"]
    second = (await web.refresh(first["refreshToken"])).data["refreshSession"]["tokens"]

    assert (await web.ask_with(second["accessToken"], WHO)).data == {"viewer": {"name": "Deniz"}}
    assert len({user.tokens["refreshToken"], first["refreshToken"], second["refreshToken"]}) == 3


@pytest.mark.parametrize("refreshes", [1, 3], ids=["the one before", "one long before"])
async def test_a_refresh_token_that_is_used_twice_ends_the_session(
    web: Web, refreshes: int
) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    newest = user.tokens
    for _ in range(refreshes):
        newest = (await web.refresh(newest["refreshToken"])).data["refreshSession"]["tokens"]

    reused = await web.refresh(user.tokens["refreshToken"])

    assert reused.data == {"refreshSession": ENDED}
    assert (await web.refresh(newest["refreshToken"])).data == {"refreshSession": ENDED}
    assert (await web.ask_with(newest["accessToken"], WHO)).codes == ["UNAUTHENTICATED"]


async def test_a_token_that_is_no_refresh_token_ends_nothing(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    answers = [await web.refresh(token) for token in (user.tokens["accessToken"], "nonsense", "")]

    assert [answer.data for answer in answers] == [{"refreshSession": ENDED}] * 3
    assert (await web.ask(WHO, user)).data == {"viewer": {"name": "Deniz"}}


async def test_a_refresh_token_ends_after_thirty_days(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    web.clock.move(timedelta(days=30))

    answer = await web.refresh(user.tokens["refreshToken"])

    assert answer.data == {"refreshSession": ENDED}


async def test_a_disabled_user_does_not_go_on(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    async with access.system() as connection:
        await connection.execute("update app_user set active = false")

    answer = await web.refresh(user.tokens["refreshToken"])

    assert answer.data == {"refreshSession": ENDED}


async def test_signing_out_ends_the_session_at_once(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    answer = await web.ask("mutation { signOut { signedOut } }", user)

    assert answer.data == {"signOut": {"signedOut": True}}
    assert (await web.ask(WHO, user)).codes == ["UNAUTHENTICATED"]
    assert (await web.refresh(user.tokens["refreshToken"])).data == {"refreshSession": ENDED}


async def test_signing_out_without_a_session_ends_none(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    answer = await web.ask("mutation { signOut { signedOut } }")

    assert answer.errors == [("UNAUTHENTICATED", ["signOut"])]
    assert (await web.ask(WHO, user)).data == {"viewer": {"name": "Deniz"}}


async def test_attempts_on_one_email_are_limited(web: Web) -> None:
    _, email = await web.create_user()
    for _ in range(5):
        await web.sign_in(email, "wrong password")

    refused = await web.sign_in(email)
    web.clock.move(timedelta(minutes=1))
    later = await web.sign_in(email)

    assert refused.errors == [("RATE_LIMITED", ["signIn"])]
    assert refused.body["errors"][0]["extensions"]["retryAfter"] == 60
    assert later.data["signIn"]["tokens"] is not None


async def test_attempts_from_one_address_are_limited(web: Web) -> None:
    for number in range(30):
        await web.sign_in(f"guess{number}@example.com")

    refused = await web.sign_in("guess30@example.com")

    assert refused.errors == [("RATE_LIMITED", ["signIn"])]

"""Signing in, going on, and signing out."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from db import access
from domain.identity.operations import create_user
from domain.identity.passwords import PASSWORD_CHARACTERS_MIN, PasswordTooWeak
from domain.identity.sessions import GRACE
from tests.api.web import PASSWORD, User, Web
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
    web.clock.move(GRACE)

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
    web.clock.move(timedelta(seconds=12))
    later = await web.sign_in(email)

    assert refused.errors == [("RATE_LIMITED", ["signIn"])]
    assert refused.body["errors"][0]["extensions"]["retryAfter"] == 12
    assert later.data["signIn"]["tokens"] is not None


async def test_aliases_do_not_multiply_guesses(web: Web) -> None:
    _, email = await web.create_user()
    guesses = [f"guess number {number}" for number in range(29)] + [PASSWORD]
    fields = " ".join(
        f'a{n}: signIn(input: {{email: "{email}", password: "{it}"}}) {{ userErrors {{ code }} }}'
        for n, it in enumerate(guesses)
    )

    answer = await web.ask(f"mutation {{ {fields} }}")

    checked = [name for name, payload in answer.body["data"].items() if payload is not None]
    assert checked == ["a0", "a1", "a2", "a3", "a4"]
    assert answer.codes == ["RATE_LIMITED"] * 25
    assert await sessions() == 0


async def test_attempts_from_one_address_are_limited(web: Web) -> None:
    for number in range(30):
        await web.sign_in(f"guess{number}@example.com")

    refused = await web.sign_in("guess30@example.com")

    assert refused.errors == [("RATE_LIMITED", ["signIn"])]


SESSIONS = "{ viewer { sessions { id address userAgent current createdAt lastUsedAt } } }"
END = "mutation ($id: ID!) { endSession(input: {id: $id}) { ended userErrors { code } } }"
END_OTHERS = "mutation { endOtherSessions { ended userErrors { code } } }"


async def another(web: Web, user: User) -> User:
    tokens = (await web.sign_in(user.email)).data["signIn"]["tokens"]
    return replace(user, tokens=tokens)


async def test_users_see_where_they_are_signed_in(web: Web) -> None:
    user = await web.user((await make_place(meters=0)).company_id)
    web.clock.move(timedelta(minutes=1))
    await another(web, user)
    await web.user((await make_place(meters=0)).company_id)

    listed = (await web.ask(SESSIONS, user)).data["viewer"]["sessions"]

    assert [one["current"] for one in listed] == [False, True]
    assert listed[0]["address"] == "127.0.0.1"
    assert listed[0]["userAgent"].startswith("python-httpx/")
    assert listed[0]["createdAt"] > listed[1]["createdAt"]


async def test_users_end_one_of_their_sessions(web: Web) -> None:
    user = await web.user((await make_place(meters=0)).company_id)
    lost = await another(web, user)
    listed = (await web.ask(SESSIONS, user)).data["viewer"]["sessions"]
    (lost_id,) = [one["id"] for one in listed if not one["current"]]

    ended = await web.ask(END, user, id=lost_id)
    again = await web.ask(END, user, id=lost_id)

    assert ended.data == {"endSession": {"ended": 1, "userErrors": []}}
    assert again.errors == [("NOT_FOUND", ["endSession"])]
    assert (await web.ask(WHO, lost)).codes == ["UNAUTHENTICATED"]
    assert (await web.ask(WHO, user)).codes == []


async def test_users_end_all_their_other_sessions(web: Web) -> None:
    user = await web.user((await make_place(meters=0)).company_id)
    others = [await another(web, user) for _ in range(2)]

    answer = await web.ask(END_OTHERS, user)

    assert answer.data == {"endOtherSessions": {"ended": 2, "userErrors": []}}
    codes = [(await web.ask(WHO, one)).codes for one in (user, *others)]
    assert codes == [[], ["UNAUTHENTICATED"], ["UNAUTHENTICATED"]]


async def test_nobody_ends_sessions_of_others(web: Web) -> None:
    place = await make_place(meters=0)
    user, other = await web.user(place.company_id), await web.user(place.company_id)
    (own,) = (await web.ask(SESSIONS, user)).data["viewer"]["sessions"]

    answer = await web.ask(END, other, id=own["id"])

    assert answer.errors == [("NOT_FOUND", ["endSession"])]
    assert (await web.ask(WHO, user)).codes == []


async def test_two_tabs_that_go_on_at_once_stay_signed_in(web: Web) -> None:
    user = await web.user((await make_place(meters=0)).company_id)

    answers = await asyncio.gather(*(web.refresh(user.tokens["refreshToken"]) for _ in range(6)))
    tokens = [answer.data["refreshSession"]["tokens"] for answer in answers]
    web.clock.move(GRACE)
    after = await web.refresh(tokens[0]["refreshToken"])

    # One successor for all of them, so never are two good for long.
    assert len({one["refreshToken"] for one in tokens}) == 1
    assert after.data["refreshSession"]["tokens"] is not None


async def test_after_the_grace_an_older_token_is_a_stolen_one(web: Web) -> None:
    user = await web.user((await make_place(meters=0)).company_id)
    newest = (await web.refresh(user.tokens["refreshToken"])).data["refreshSession"]["tokens"]
    web.clock.move(GRACE)

    stolen = await web.refresh(user.tokens["refreshToken"])

    assert stolen.data == {"refreshSession": ENDED}
    assert (await web.ask_with(newest["accessToken"], WHO)).codes == ["UNAUTHENTICATED"]


async def test_within_the_grace_only_the_newest_but_one_goes_on(web: Web) -> None:
    user = await web.user((await make_place(meters=0)).company_id)
    first = (await web.refresh(user.tokens["refreshToken"])).data["refreshSession"]["tokens"]
    await web.refresh(first["refreshToken"])

    stolen = await web.refresh(user.tokens["refreshToken"])

    assert stolen.data == {"refreshSession": ENDED}

"""A second factor: set up, shown when signing in, each code good for once."""

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pyotp import TOTP

from db import access
from domain.identity import second_factor
from tests.api.web import PASSWORD, TOKENS, Answer, User, Web
from tests.factories import Place, make_place

SET_UP = """
mutation ($input: SetUpSecondFactorInput!) {
  setUpSecondFactor(input: $input) { secret uri userErrors { code path } }
}
"""
CONFIRM = """
mutation ($input: SecondFactorInput!) {
  confirmSecondFactor(input: $input) { recoveryCodes userErrors { code path } }
}
"""
REMOVE = """
mutation ($input: SecondFactorInput!) {
  removeSecondFactor(input: $input) { removed userErrors { code path } }
}
"""
REQUIRE = """
mutation ($input: RequireSecondFactorInput!) {
  requireSecondFactor(input: $input) { required userErrors { code } }
}
"""
SIGN_IN = """
mutation ($input: SignInInput!) {
  signIn(input: $input) {
    tokens { accessToken }
    userErrors { code ... on SecondFactorRequired { challenge } }
  }
}
"""
COMPLETE = (
    f"mutation ($input: CompleteSignInInput!) {{ completeSignIn(input: $input) {{ {TOKENS} }} }}"
)
STEP = timedelta(seconds=30)


@pytest.fixture
async def place(web: Web) -> Place:
    return await make_place(meters=0)


@pytest.fixture
async def user(web: Web, place: Place) -> User:
    return await web.user(place.company_id)


async def set_up(web: Web, user: User) -> TOTP:
    answer = await web.ask(SET_UP, user, input={"password": PASSWORD})
    return TOTP(answer.data["setUpSecondFactor"]["secret"])


async def enabled(web: Web, user: User) -> tuple[TOTP, list[str]]:
    """Give a user a second factor; the code of this moment is used up."""
    totp = await set_up(web, user)
    answer = await web.ask(CONFIRM, user, input={"code": totp.at(web.clock())})
    return totp, answer.data["confirmSecondFactor"]["recoveryCodes"]


async def challenge(web: Web, user: User) -> str:
    answer = await web.ask(SIGN_IN, input={"email": user.email, "password": PASSWORD})
    (error,) = answer.data["signIn"]["userErrors"]
    assert (answer.data["signIn"]["tokens"], error["code"]) == (None, "SECOND_FACTOR_REQUIRED")
    return str(error["challenge"])


async def complete(web: Web, challenge: str, code: str) -> Answer:
    return await web.ask(COMPLETE, input={"challenge": challenge, "code": code})


def codes(answer: Answer) -> list[str]:
    (payload,) = answer.data.values()
    return [error["code"] for error in payload["userErrors"]]


async def sessions(user: User) -> int:
    async with access.system() as connection:
        return int(
            await connection.fetchval("select count(*) from session where user_id = $1", user.id)
        )


async def test_a_code_completes_signing_in(web: Web, user: User) -> None:
    totp, _ = await enabled(web, user)
    web.clock.move(STEP)

    answer = await complete(web, await challenge(web, user), totp.at(web.clock()))

    token = answer.data["completeSignIn"]["tokens"]["accessToken"]
    who = await web.ask_with(token, "{ viewer { secondFactorEnabled } }")
    assert who.data == {"viewer": {"secondFactorEnabled": True}}


async def test_an_authenticator_is_told_whose_it_is(web: Web, user: User) -> None:
    answer = await web.ask(SET_UP, user, input={"password": PASSWORD})

    made = answer.data["setUpSecondFactor"]
    parts = urlsplit(made["uri"])
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parts.path == f"/Wattledger%3A{user.email.replace('@', '%40')}"
    assert parse_qs(parts.query) == {"secret": [made["secret"]], "issuer": ["Wattledger"]}


async def test_a_second_factor_counts_only_once_it_is_confirmed(web: Web, user: User) -> None:
    await set_up(web, user)

    wrong = await web.ask(CONFIRM, user, input={"code": "000000"})
    signed_in = await web.sign_in(user.email)

    assert codes(wrong) == ["WRONG_CODE"]
    assert signed_in.data["signIn"]["tokens"] is not None


async def test_setting_up_needs_the_password(web: Web, user: User) -> None:
    answer = await web.ask(SET_UP, user, input={"password": "another password"})

    assert answer.data["setUpSecondFactor"]["secret"] is None
    assert codes(answer) == ["WRONG_PASSWORD"]


async def test_the_secret_is_sealed_at_rest(web: Web, user: User) -> None:
    totp = await set_up(web, user)

    async with access.system() as connection:
        sealed = await connection.fetchval("select secret from second_factor")
        entries = await connection.fetch("select after from daily_entry")

    assert totp.secret.encode() not in sealed
    assert not [one for one in entries if totp.secret in str(one)]


async def test_a_code_is_good_for_once(web: Web, user: User) -> None:
    totp, _ = await enabled(web, user)
    before = await sessions(user)
    first, second = await challenge(web, user), await challenge(web, user)
    web.clock.move(STEP)
    code = totp.at(web.clock())

    answers = await asyncio.gather(*(complete(web, one, code) for one in (first, second)))

    assert sorted(codes(answer) for answer in answers) == [[], ["WRONG_CODE"]]
    assert await sessions(user) == before + 1


async def test_the_code_that_confirmed_does_not_sign_in(web: Web, user: User) -> None:
    totp, _ = await enabled(web, user)

    answer = await complete(web, await challenge(web, user), totp.at(web.clock()))

    assert codes(answer) == ["WRONG_CODE"]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param(-2, ["WRONG_CODE"], id="too old"),
        pytest.param(-1, [], id="of the step before"),
        pytest.param(1, [], id="of the next step"),
        pytest.param(2, ["WRONG_CODE"], id="too new"),
    ],
)
async def test_a_clock_may_be_one_step_off(
    web: Web, user: User, steps: int, expected: list[str]
) -> None:
    totp, _ = await enabled(web, user)
    web.clock.move(STEP * 10)
    code = totp.at(web.clock() + STEP * steps)

    answer = await complete(web, await challenge(web, user), code)

    assert codes(answer) == expected


async def test_a_recovery_code_stands_in_once(web: Web, user: User) -> None:
    _, recovery = await enabled(web, user)
    typed = recovery[3].lower().replace("-", " ")

    first = await complete(web, await challenge(web, user), typed)
    second = await complete(web, await challenge(web, user), typed)

    assert len(set(recovery)) == 10
    assert codes(first) == []
    assert codes(second) == ["WRONG_CODE"]


async def test_a_challenge_ends_after_five_minutes(web: Web, user: User) -> None:
    totp, _ = await enabled(web, user)
    asked = await challenge(web, user)
    web.clock.move(timedelta(minutes=5))

    answer = await complete(web, asked, totp.at(web.clock()))

    assert codes(answer) == ["INVALID_CREDENTIALS"]


async def test_a_challenge_ends_with_the_password(web: Web, user: User) -> None:
    totp, _ = await enabled(web, user)
    asked = await challenge(web, user)
    async with access.system() as connection:
        await connection.execute("update app_user set password_hash = 'another'")
    web.clock.move(STEP)

    answer = await complete(web, asked, totp.at(web.clock()))

    assert codes(answer) == ["INVALID_CREDENTIALS"]


async def test_a_challenge_is_no_access_token(web: Web, user: User) -> None:
    await enabled(web, user)

    answer = await web.ask_with(await challenge(web, user), "{ viewer { name } }")

    assert answer.codes == ["UNAUTHENTICATED"]


async def test_guesses_of_codes_are_limited(web: Web, user: User) -> None:
    totp, _ = await enabled(web, user)
    asked = await challenge(web, user)
    for _ in range(4):
        await complete(web, asked, "000000")

    web.clock.move(timedelta(seconds=1))
    answer = await complete(web, asked, totp.at(web.clock()))

    assert answer.codes == ["RATE_LIMITED"]


async def test_removing_needs_a_code(web: Web, user: User) -> None:
    totp, recovery = await enabled(web, user)

    wrong = await web.ask(REMOVE, user, input={"code": totp.at(web.clock())})
    right = await web.ask(REMOVE, user, input={"code": recovery[0]})

    assert codes(wrong) == ["WRONG_CODE"]
    assert right.data == {"removeSecondFactor": {"removed": True, "userErrors": []}}
    assert (await web.sign_in(user.email)).data["signIn"]["tokens"] is not None


async def test_one_that_is_in_use_is_not_replaced(web: Web, user: User) -> None:
    totp, _ = await enabled(web, user)

    answer = await web.ask(SET_UP, user, input={"password": PASSWORD})
    web.clock.move(STEP)

    assert codes(answer) == ["ALREADY_EXISTS"]
    completed = await complete(web, await challenge(web, user), totp.at(web.clock()))
    assert codes(completed) == []


async def test_a_reset_leaves_the_password_alone(web: Web, user: User) -> None:
    await enabled(web, user)

    assert await second_factor.reset(user_id=user.id)

    assert (await web.sign_in(user.email)).data["signIn"]["tokens"] is not None
    assert not await second_factor.reset(user_id=user.id)


async def test_a_company_may_want_one_of_everybody(web: Web, place: Place, user: User) -> None:
    other = await web.user(place.company_id)
    await enabled(web, user)

    await web.ask(REQUIRE, user, input={"required": True})
    during = await web.ask("{ viewer { scopes secondFactorMissing } }", other)
    await enabled(web, other)
    after: Any = await web.ask("{ viewer { scopes secondFactorMissing } }", other)

    assert during.data == {"viewer": {"scopes": [], "secondFactorMissing": True}}
    assert after.data["viewer"]["secondFactorMissing"] is False
    assert "USERS_WRITE" in after.data["viewer"]["scopes"]

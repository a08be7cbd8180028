"""Looking after users from the command line."""

import pytest

from cli.endings import REFUSED
from cli.migrate import make_usable
from db import access
from db.settings import Urls
from domain.identity import second_factor
from domain.identity.keys import Keys
from domain.identity.users import by_email
from tests.cli.command_line import run
from tests.factories import KEYRING, NOW, make_place

EMAIL = "a@b.example"


@pytest.fixture
async def user(env: dict[str, str], database: Urls) -> None:
    """Make an operator with a second factor that waits for its first code."""
    await make_usable(database, keyring=KEYRING, now=NOW)
    await access.connect(database, pool_size=2)
    try:
        await make_place(meters=0)
        run(env, "user", "create", EMAIL, "--role", "operator", said="a long password\n")
        user_id = await by_email(EMAIL)
        assert user_id is not None
        keys = Keys("a secret that is long enough for a test")
        await second_factor.set_up(user_id=user_id, email=EMAIL, keys=keys, now=NOW)
    finally:
        await access.close()


@pytest.mark.usefixtures("user")
def test_users_are_listed_disabled_and_enabled(env: dict[str, str]) -> None:
    before = run(env, "user", "list")
    disabled = run(env, "user", "disable", EMAIL.upper())
    during = run(env, "user", "list", "--company", "1")
    enabled = run(env, "user", "enable", EMAIL)
    after = run(env, "user", "list")

    (line,) = before.stdout.splitlines()
    assert line.split("\t")[:2] == [EMAIL, "a"]
    assert line.split("\t")[2].endswith(": OPERATOR")
    assert "cannot sign in any more" in disabled.stdout
    assert during.stdout.strip().endswith("disabled")
    assert "can sign in again" in enabled.stdout
    assert after.stdout == before.stdout


@pytest.mark.usefixtures("user")
def test_a_second_factor_is_taken_away_once(env: dict[str, str]) -> None:
    first = run(env, "user", "reset-second-factor", EMAIL)
    second = run(env, "user", "reset-second-factor", EMAIL)

    assert first.returncode == 0
    assert (second.returncode, "has no second factor" in second.stderr) == (REFUSED, True)


@pytest.mark.usefixtures("user")
def test_an_unknown_user_is_refused(env: dict[str, str]) -> None:
    answer = run(env, "user", "disable", "nobody@b.example")

    assert (answer.returncode, "There is no user" in answer.stderr) == (REFUSED, True)

"""Signing in through a company's OpenID provider, over HTTP."""

import base64
import hashlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx import Response

from api.global_ids import encode
from db import access
from db.enums import Role, Scope
from db.ids import CompanyId
from db.settings import Urls
from domain.identity import invitations, own_roles, users
from domain.identity.keys import Keys
from domain.identity.rules import GivenRole, Giver, Place
from tests.api.openid import (
    ADMINISTRATORS,
    OPERATORS,
    Forger,
    authorise,
    come_back,
    configure,
    exchange,
    forging_provider,
    mock_provider,
    person,
    start,
    whole_way,
)
from tests.api.web import SECRET, User, Web
from tests.api.web import web as running_web
from tests.factories import make_place

# The ready-made provider runs in this process.
pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning")

VIEWER = "{ viewer { email role memberships { companyName } } }"
PROVIDER = "{ oidcProvider { issuer version groups { group builtIn } } }"
REMOVE = """
    mutation ($input: RemoveOidcProviderInput!) { removeOidcProvider(input: $input) {
        userErrors { code }
    } }
"""
UNVERIFIED = {"email_verified": False}


@pytest.fixture
async def web(
    database: Urls, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Web]:
    # The ready-made provider wants TLS otherwise.
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    async with running_web(
        database, redis_url, allowed_origins=("https://app.example.com",)
    ) as web:
        # Providers have clocks of their own.
        web.clock.now = datetime.now(UTC)
        yield web


@pytest.fixture
async def company_id(web: Web) -> CompanyId:
    return (await make_place(meters=1)).company_id


@pytest.fixture
async def administrator(web: Web, company_id: CompanyId) -> User:
    return await web.user(company_id)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with mock_provider(
        person("ayse", "operators"),
        person("boss", "operators", "admins"),
        person("can", "others"),
        person("deniz", "operators", **UNVERIFIED),
    ) as issuer:
        yield issuer


@pytest.fixture
def forger() -> Iterator[Forger]:
    with forging_provider() as forger:
        yield forger


def answer_of(response: Response) -> dict[str, str]:
    """Return what was appended to where the browser is sent."""
    location = urlsplit(response.headers["location"])
    assert f"{location.scheme}://{location.netloc}{location.path}" == (
        "https://app.example.com/signed-in"
    )
    answer = {name: values[0] for name, values in parse_qs(location.query).items()}
    assert answer.pop("nonce") == "mine"
    return answer


async def members(company_id: CompanyId) -> dict[str, str]:
    async with access.tenant(company_id) as connection:
        rows = await connection.fetch("select email, role from member order by email")
    return {row["email"]: row["role"] for row in rows}


async def count(table: str) -> int:
    async with access.system() as connection:
        return int(await connection.fetchval(f"select count(*) from {table}"))


async def as_user(web: Web, administrator: User, response: Response) -> User:
    ended = await exchange(web, answer_of(response)["code"])
    return User(administrator.id, "", ended["tokens"])


async def test_a_group_gives_its_role_to_somebody_new(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    configured = await configure(web, administrator, issuer)

    ayse = await as_user(web, administrator, await whole_way(web, company_id, "ayse"))

    assert configured.data["setOidcProvider"]["userErrors"] == []
    viewer = (await web.ask(VIEWER, ayse)).data["viewer"]
    assert (viewer["email"], viewer["role"]) == ("ayse@example.com", "OPERATOR")
    assert (await members(company_id))["ayse@example.com"] == "OPERATOR"


async def test_the_first_group_counts_and_is_looked_at_each_time(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    await configure(web, administrator, issuer)
    await whole_way(web, company_id, "boss")
    first = (await members(company_id))["boss@example.com"]

    await configure(
        web, administrator, issuer, expectedVersion=1, groups=[OPERATORS, ADMINISTRATORS]
    )
    await whole_way(web, company_id, "boss")

    assert first == "ADMINISTRATOR"
    assert (await members(company_id))["boss@example.com"] == "OPERATOR"
    assert await count("oidc_identity") == 1


async def test_the_last_administrator_stays_one(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    await configure(web, administrator, issuer)
    async with access.system() as connection:
        await connection.execute(
            "update app_user set email = 'ayse@example.com' where id = $1", administrator.id
        )

    response = await whole_way(web, company_id, "ayse")

    assert "code" in answer_of(response)
    assert await members(company_id) == {"ayse@example.com": "ADMINISTRATOR"}


@pytest.mark.parametrize("subject", ["can", "deniz"], ids=["in no group", "not verified"])
async def test_a_stranger_is_not_let_in(
    web: Web, company_id: CompanyId, administrator: User, issuer: str, subject: str
) -> None:
    await configure(web, administrator, issuer)
    before = await count("app_user")

    response = await whole_way(web, company_id, subject)

    assert answer_of(response) == {"error": "sign_in_failed"}
    assert await count("app_user") == before
    assert await count("sign_in_code") == 0


async def test_a_member_in_no_group_keeps_the_role(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    await configure(web, administrator, issuer)
    auditor = await web.user(company_id, Role.AUDITOR)
    async with access.system() as connection:
        await connection.execute(
            "update app_user set email = 'Can@Example.com' where id = $1", auditor.id
        )

    response = await whole_way(web, company_id, "can")

    assert "code" in answer_of(response)
    assert (await members(company_id))["Can@Example.com"] == "AUDITOR"


async def test_a_disabled_user_is_not_let_in(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    await configure(web, administrator, issuer)
    code = answer_of(await whole_way(web, company_id, "ayse"))["code"]
    async with access.system() as connection:
        user_id = await connection.fetchval(
            "select id from app_user where email = 'ayse@example.com'"
        )
    await users.set_active(user_id=user_id, active=False, now=web.clock())

    response = await whole_way(web, company_id, "ayse")

    assert answer_of(response) == {"error": "sign_in_failed"}
    assert (await exchange(web, code))["userErrors"] == [{"code": "INVALID_CREDENTIALS"}]


async def test_a_suspended_member_is_not_let_in(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    await configure(web, administrator, issuer)
    await whole_way(web, company_id, "ayse")
    async with access.system() as connection:
        await connection.execute("update membership set active = false where role = 'OPERATOR'")

    response = await whole_way(web, company_id, "ayse")

    assert answer_of(response) == {"error": "sign_in_failed"}


@pytest.mark.parametrize("moved", [timedelta(0), timedelta(seconds=60)], ids=["twice", "late"])
async def test_a_code_opens_one_session_within_a_minute(
    web: Web, company_id: CompanyId, administrator: User, issuer: str, moved: timedelta
) -> None:
    await configure(web, administrator, issuer)
    code = answer_of(await whole_way(web, company_id, "ayse"))["code"]
    if not moved:
        await exchange(web, code)
    web.clock.move(moved)
    sessions = await count("session")

    ended = await exchange(web, code)

    assert ended == {"tokens": None, "userErrors": [{"code": "INVALID_CREDENTIALS"}]}
    assert await count("session") == sessions


async def test_coming_back_works_once(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    await configure(web, administrator, issuer)
    started = await start(web, company_id)
    cookie = started.cookies["wattledger_oidc"]
    location = await authorise(started.headers["location"], "ayse")
    first = await come_back(web, location)
    web.http.cookies.set("wattledger_oidc", cookie)

    second = await come_back(web, location)

    assert "code" in answer_of(first)
    assert second.status_code == 400
    assert "location" not in second.headers


@pytest.mark.parametrize("fault", ["state", "no cookie", "another cookie", "late"])
async def test_only_the_browser_that_left_comes_back(
    web: Web, company_id: CompanyId, administrator: User, issuer: str, fault: str
) -> None:
    await configure(web, administrator, issuer)
    started = await start(web, company_id)
    location = await authorise(started.headers["location"], "ayse")
    if fault == "state":
        location += "x"
    if fault.endswith("cookie"):
        web.http.cookies.clear()
    if fault == "another cookie":
        web.http.cookies.set("wattledger_oidc", "a guess")
    if fault == "late":
        web.clock.move(timedelta(minutes=10))

    response = await come_back(web, location)

    assert (response.status_code, response.text) == (400, "Signing in failed.")
    assert await count("sign_in_code") == 0
    assert await count("oidc_identity") == 0


async def test_the_cookie_is_for_the_way_back_alone(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    await configure(web, administrator, issuer)

    started = await start(web, company_id)

    cookie = started.headers["set-cookie"]
    assert "HttpOnly; Max-Age=600; Path=/auth/oidc; SameSite=lax" in cookie
    assert started.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "return_to",
    [
        "",
        "/signed-in",
        "https://app.example.com.evil.example/",
        "https://app.example.com@evil.example/",
        "https://evil.example/https://app.example.com",
        "https://app.example.com:8443/",
        "http://app.example.com/",
        "https://app.example.com\\@evil.example/",
        "//app.example.com/",
        "javascript://app.example.com/%0Aalert(1)",
        "https://app.example.com/\r\nSet-Cookie: a=b",
        "https://[app.example.com/",
    ],
)
async def test_nobody_is_sent_to_a_foreign_page(
    web: Web, company_id: CompanyId, administrator: User, issuer: str, return_to: str
) -> None:
    await configure(web, administrator, issuer)

    response = await start(web, company_id, return_to)

    assert response.status_code == 400
    assert await count("oidc_sign_in") == 0


async def test_the_provider_of_another_company_opens_nothing_here(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    other = (await make_place(meters=1)).company_id
    await configure(web, await web.user(other), issuer)
    await configure(web, administrator, issuer)
    await whole_way(web, company_id, "ayse")

    response = await whole_way(web, other, "ayse")

    assert answer_of(response) == {"error": "sign_in_failed"}
    assert "ayse@example.com" not in await members(other)


async def test_a_session_is_good_in_the_company_of_the_provider_alone(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    await configure(web, administrator, issuer)
    ayse = await as_user(web, administrator, await whole_way(web, company_id, "ayse"))
    other = (await make_place(meters=1)).company_id
    async with access.system() as connection:
        await connection.execute(
            "insert into membership (company_id, user_id, role)"
            " select $1, id, 'ADMINISTRATOR' from app_user where email = 'ayse@example.com'",
            other,
        )

    there = await web.ask(VIEWER, ayse.acting_in(encode("Company", other)))

    assert there.codes == ["FORBIDDEN"]


async def test_a_second_factor_is_asked_for_all_the_same(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    await configure(web, administrator, issuer)
    await whole_way(web, company_id, "ayse")
    async with access.system() as connection:
        await connection.execute(
            "insert into second_factor (user_id, secret, created_at, confirmed_at)"
            " select id, 'sealed', $1, $1 from app_user where email = 'ayse@example.com'",
            web.clock(),
        )
    sessions = await count("session")
    code = answer_of(await whole_way(web, company_id, "ayse"))["code"]

    ended = await exchange(web, code)

    assert ended == {"tokens": None, "userErrors": [{"code": "SECOND_FACTOR_REQUIRED"}]}
    assert await count("session") == sessions


async def test_who_is_invited_joins_with_the_role_of_the_invitation(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    await configure(web, administrator, issuer)
    await invitations.invite(
        company_id=company_id,
        email="can@example.com",
        name="Can",
        given=GivenRole(role=Role.PARTNER),
        place=Place(),
        giver=Giver(user_id=administrator.id, scopes=frozenset(Scope), place=Place()),
        keys=Keys(SECRET),
        now=web.clock(),
    )

    response = await whole_way(web, company_id, "can")

    assert "code" in answer_of(response)
    assert (await members(company_id))["can@example.com"] == "PARTNER"


async def test_a_company_without_a_provider_sends_nobody_away(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    missing = await start(web, company_id)
    await configure(web, administrator, issuer, active=False)
    inactive = await start(web, company_id)

    assert (missing.status_code, inactive.status_code) == (404, 404)


@pytest.mark.parametrize(
    ("claims", "signing"),
    [
        pytest.param({"aud": "another"}, "right", id="audience"),
        pytest.param({"aud": None}, "right", id="no audience"),
        pytest.param({"aud": ["wattledger-of-tests", "b"]}, "right", id="no party"),
        pytest.param({"azp": "another"}, "right", id="party"),
        pytest.param({"iss": "https://evil.example"}, "right", id="issuer"),
        pytest.param({"nonce": "another"}, "right", id="nonce"),
        pytest.param({"nonce": None}, "right", id="no nonce"),
        pytest.param({"exp": 1}, "right", id="expired"),
        pytest.param({"exp": None}, "right", id="no end"),
        pytest.param({"iat": None}, "right", id="no beginning"),
        pytest.param({"iat": 1}, "right", id="old"),
        pytest.param({"sub": None}, "right", id="nobody"),
        pytest.param({"email": None}, "right", id="no e-mail"),
        pytest.param({}, "stranger", id="key"),
        pytest.param({}, "RS512", id="algorithm"),
        pytest.param({}, "public key as secret", id="public key as secret"),
        pytest.param({}, "not at all", id="unsigned"),
    ],
)
async def test_a_forged_token_lets_nobody_in(
    web: Web,
    company_id: CompanyId,
    administrator: User,
    forger: Forger,
    claims: dict[str, Any],
    signing: str,
) -> None:
    await configure(web, administrator, forger.issuer)
    forged = await _back_from(web, company_id, forger, claims, signing)
    let_in = await count("sign_in_code")

    right = await _back_from(web, company_id, forger, {}, "right")

    assert answer_of(forged) == {"error": "sign_in_failed"}
    assert let_in == 0
    assert "code" in answer_of(right)


async def test_a_provider_that_says_too_much_is_cut_short(
    web: Web, company_id: CompanyId, administrator: User, forger: Forger
) -> None:
    await configure(web, administrator, forger.issuer)
    forger.padding = 300_000

    response = await _back_from(web, company_id, forger, {}, "right")

    assert answer_of(response) == {"error": "sign_in_failed"}


async def test_the_code_goes_with_the_proof_of_who_asked(
    web: Web, company_id: CompanyId, administrator: User, forger: Forger
) -> None:
    await configure(web, administrator, forger.issuer)

    started = await start(web, company_id)
    asked = _query(started.headers["location"])
    await come_back(web, f"/auth/oidc/callback?code=abc&state={asked['state']}")

    digest = hashlib.sha256(forger.asked["code_verifier"][0].encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert (asked["code_challenge"], asked["code_challenge_method"]) == (challenge, "S256")
    assert forger.asked["code"] == ["abc"]


async def test_an_address_does_not_pass_to_another_subject(
    web: Web, company_id: CompanyId, administrator: User, forger: Forger
) -> None:
    await configure(web, administrator, forger.issuer)
    await _back_from(web, company_id, forger, {}, "right")

    response = await _back_from(web, company_id, forger, {"sub": "somebody else"}, "right")

    assert answer_of(response) == {"error": "sign_in_failed"}


async def test_whoever_may_less_than_administrators_sets_no_provider(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    giver = Giver(user_id=administrator.id, scopes=frozenset(Scope), place=Place())
    role_id = await own_roles.create(
        company_id=company_id,
        name="Manager",
        description=None,
        scopes=[Scope.USERS_READ, Scope.USERS_WRITE],
        giver=giver,
    )
    manager = await web.user(company_id, role_id=role_id)

    answer = await configure(web, manager, issuer, groups=[])

    assert answer.data["setOidcProvider"]["userErrors"] == [
        {"code": "SCOPE_NOT_HELD", "path": ["input", "issuer"]}
    ]
    assert await count("oidc_provider") == 0


async def test_a_provider_is_shown_changed_and_removed_without_its_secret(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    await configure(web, administrator, issuer, groups=[OPERATORS])
    stale = await configure(web, administrator, issuer, expectedVersion=7)
    kept = await configure(web, administrator, issuer, expectedVersion=1, clientSecret=None)
    moved = await configure(
        web, administrator, "https://evil.example", expectedVersion=2, clientSecret=None
    )
    shown = await web.ask(PROVIDER, administrator)
    async with access.system() as connection:
        entries = await connection.fetchval(
            "select string_agg(to_jsonb(e)::text, '') from daily_entry e"
            " where object_type = 'OidcProvider'"
        )
    removed = await web.ask(REMOVE, administrator, input={"expectedVersion": 2})

    assert stale.data["setOidcProvider"]["userErrors"][0]["code"] == "STALE_VERSION"
    assert kept.data["setOidcProvider"]["oidcProvider"]["version"] == 2
    assert moved.data["setOidcProvider"]["userErrors"] == [
        {"code": "INVALID_VALUE", "path": ["input", "clientSecret"]}
    ]
    assert shown.data["oidcProvider"] == {
        "issuer": issuer,
        "version": 2,
        "groups": [
            {"group": "admins", "builtIn": "ADMINISTRATOR"},
            {"group": "operators", "builtIn": "OPERATOR"},
        ],
    }
    assert '"client_secret_cipher": "*"' in entries
    assert removed.data["removeOidcProvider"]["userErrors"] == []
    assert (await count("oidc_provider"), await count("oidc_group_role")) == (0, 0)


async def test_production_wants_tls_and_public_addresses(
    database: Urls, redis_url: str, issuer: str
) -> None:
    async with running_web(
        database, redis_url, production=True, allowed_origins=("https://app.example.com",)
    ) as web:
        company_id = (await make_place(meters=1)).company_id
        administrator = await web.user(company_id)
        plain = await configure(web, administrator, issuer)
        await configure(web, administrator, issuer.replace("http:", "https:"))

        inside = await start(web, company_id)

    assert plain.data["setOidcProvider"]["userErrors"] == [
        {"code": "INVALID_VALUE", "path": ["input", "issuer"]}
    ]
    assert inside.status_code == 502


async def _back_from(
    web: Web, company_id: CompanyId, forger: Forger, claims: dict[str, Any], signing: str
) -> Response:
    asked = _query((await start(web, company_id)).headers["location"])
    forger.nonce, forger.claims, forger.signing = asked["nonce"], claims, signing
    return await come_back(web, f"/auth/oidc/callback?code=abc&state={asked['state']}")


def _query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}

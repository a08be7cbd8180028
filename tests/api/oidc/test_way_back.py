"""The way to a provider and back: once, by the same browser, to our own pages."""

from datetime import timedelta

import pytest

from api.global_ids import encode
from db import access
from db.ids import CompanyId
from tests.api.oidc.outcomes import VIEWER, answer_of, as_user, count
from tests.api.openid import authorise, come_back, configure, exchange, start, whole_way
from tests.api.web import User, Web
from tests.factories import make_place

# The ready-made provider runs in this process.
pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning")


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


async def test_who_is_let_in_is_on_record_with_the_request(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    await configure(web, administrator, issuer)
    web.http.headers["X-Request-Id"] = "abc-1"

    await whole_way(web, company_id, "ayse")

    async with access.system() as connection:
        rows = await connection.fetch(
            "select object_type, actor_kind, address, request_id from daily_entry"
            " where object_type in ('OidcIdentity', 'Membership') and kind = 'ADDED'"
            " order by id desc limit 2"
        )
    assert {row["object_type"] for row in rows} == {"OidcIdentity", "Membership"}
    assert {tuple(row)[1:] for row in rows} == {("SYSTEM", "127.0.0.1", "abc-1")}


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


async def test_a_company_without_a_provider_sends_nobody_away(
    web: Web, company_id: CompanyId, administrator: User, issuer: str
) -> None:
    missing = await start(web, company_id)
    await configure(web, administrator, issuer, active=False)
    inactive = await start(web, company_id)

    assert (missing.status_code, inactive.status_code) == (404, 404)

"""Setting a company's provider, and which may be set."""

import pytest

from db import access
from db.enums import Scope
from db.ids import CompanyId
from db.settings import Urls
from domain.identity import own_roles
from domain.identity.rules import Giver, Place
from tests.api.oidc.outcomes import count
from tests.api.openid import OPERATORS, configure, start
from tests.api.web import User, Web
from tests.api.web import web as running_web
from tests.factories import make_place

# The ready-made provider runs in this process.
pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning")


PROVIDER = "{ oidcProvider { issuer version groups { group builtIn } } }"
REMOVE = """
    mutation ($input: RemoveOidcProviderInput!) { removeOidcProvider(input: $input) {
        userErrors { code }
    } }
"""


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

"""A company's API, and providers to sign in with."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest

from db.ids import CompanyId
from db.settings import Urls
from tests.api.openid import mock_provider, person
from tests.api.web import User, Web
from tests.api.web import web as running_web
from tests.factories import make_place


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
        person("deniz", "operators", email_verified=False),
    ) as issuer:
        yield issuer

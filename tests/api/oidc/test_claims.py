"""What a provider says is believed only as far as it is proved."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx import Response

from db.ids import CompanyId
from tests.api.oidc.outcomes import answer_of, count
from tests.api.openid import Forger, come_back, configure, forging_provider, start
from tests.api.web import User, Web

# The ready-made provider runs in this process.
pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning")


@pytest.fixture
def forger() -> Iterator[Forger]:
    with forging_provider() as forger:
        yield forger


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


async def _back_from(
    web: Web, company_id: CompanyId, forger: Forger, claims: dict[str, Any], signing: str
) -> Response:
    asked = _query((await start(web, company_id)).headers["location"])
    forger.nonce, forger.claims, forger.signing = asked["nonce"], claims, signing
    return await come_back(web, f"/auth/oidc/callback?code=abc&state={asked['state']}")


def _query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}

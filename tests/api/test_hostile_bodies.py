"""Bodies that are sent to hurt, and requests that another site makes a browser send."""

from time import process_time

import pytest

from api.app import PATH
from api.limits import BODY_BYTES_MAX
from tests.api.test_abuse import CPU_S_MAX, TRIES
from tests.api.web import Web


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b" " * (BODY_BYTES_MAX + 1), 413, id="one byte too many"),
        pytest.param(
            b'{"query":"{viewer{name}}","variables":{"a":"' + b"a" * 5_000_000 + b'"}}',
            413,
            id="variables of five megabytes",
        ),
        pytest.param(b"[" + b'{"query":"{viewer{name}}"},' * 1_000 + b"{}]", 400, id="a batch"),
        pytest.param(b"[" * 200_000, 400, id="nested lists"),
        pytest.param(b'{"a":' * 40_000, 400, id="nested objects"),
        pytest.param(b'{"query":' + b"9" * 200_000 + b"}", 400, id="a giant number"),
        pytest.param(b'{"query":"' + b"\\u0000" * 40_000 + b'"}', 200, id="characters of nothing"),
    ],
)
async def test_a_hostile_body_is_refused_at_once(web: Web, body: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    spent = []
    for _ in range(TRIES):
        started = process_time()
        response = await web.http.post(PATH, content=body, headers=headers)
        spent.append(process_time() - started)

        assert response.status_code == status
        assert "data" not in response.json()

    assert min(spent) < CPU_S_MAX


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"],
)
async def test_a_form_of_another_site_does_nothing(web: Web, content_type: str) -> None:
    """Browsers send these to any site, without asking it first."""
    response = await web.http.post(
        PATH,
        content=b'{"query":"{__typename}","a=":"b"}',
        headers={"Content-Type": content_type, "Origin": "https://evil.com"},
    )

    assert response.status_code == 415
    assert "data" not in response.json()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_link_of_another_site_changes_nothing(web: Web, method: str) -> None:
    query = "mutation { signOut { signedOut } }"

    response = await web.http.request(
        method, PATH, params={"query": query}, headers={"Origin": "https://evil.com"}
    )

    assert response.status_code == 405

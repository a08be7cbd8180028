"""Files are announced by GraphQL and sent by signed URLs, whole or not at all."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from api.file_tokens import FileRight, FileTokens, Purpose
from api.files import file_routes, path_of
from db import access
from db.enums import FileKind, Role
from db.ids import CompanyId, FileId, UserId
from domain.files import contents
from domain.files.limits import FILE_BYTES_MAX, PART_BYTES_MAX, STORED_BYTES_MAX
from tests.api.web import SECRET, User, Web
from tests.factories import NOW, Place, make_place

CREATE = """
mutation ($input: CreateUploadInput!) {
  createUpload(input: $input) {
    upload { id putUrl expiresAt headers { name value } }
    userErrors { code path message }
  }
}
"""
CONTENT = b"serial;make\n12345678;KLM\n"
LARGE = bytes(range(256)) * 3 * 1024
TOKENS = FileTokens(SECRET)


@pytest.fixture
async def place(web: Web) -> Place:
    return await make_place(meters=0)


@pytest.fixture
async def operator(web: Web, place: Place) -> User:
    return await web.user(place.company_id, Role.OPERATOR)


async def announced(web: Web, user: User, content: bytes = CONTENT, **more: Any) -> dict[str, Any]:
    file = {"fileName": "meters.csv", "mimeType": "text/csv", "size": len(content), **more}
    answer = await web.ask(CREATE, user, input=file)
    upload: dict[str, Any] = answer.data["createUpload"]["upload"]
    return upload


async def files_of(company_id: CompanyId) -> list[dict[str, Any]]:
    async with access.tenant(company_id) as connection:
        rows = await connection.fetch(
            "select f.state, f.sha256, (select string_agg(p.body, '' order by p.number)"
            " from stored_file_part p where p.company_id = f.company_id and p.file_id = f.id)"
            " as body from stored_file f where f.company_id = $1 order by id",
            company_id,
        )
    return [dict(row) for row in rows]


def waiting(body: bytes | None = None) -> dict[str, Any]:
    return {"state": "WAITING", "sha256": None, "body": body}


async def put(web: Web, url: str, content: bytes) -> Response:
    return await web.http.put(url, content=content)


async def test_entries_of_sending_say_who_announced_the_file(
    web: Web, place: Place, operator: User
) -> None:
    upload = await announced(web, operator)

    await put(web, upload["putUrl"], CONTENT)

    async with access.tenant(place.company_id) as connection:
        rows = await connection.fetch(
            "select kind, actor_kind, user_id from daily_entry"
            " where company_id = $1 and object_type = 'File' order by id",
            place.company_id,
        )
    assert len(rows) > 1
    assert {(row["actor_kind"], row["user_id"]) for row in rows} == {("USER", operator.id)}


async def test_a_file_is_sent_once(web: Web, place: Place, operator: User) -> None:
    upload = await announced(web, operator, LARGE)

    sent = await put(web, upload["putUrl"], LARGE)
    again = await put(web, upload["putUrl"], LARGE)

    assert (sent.status_code, again.status_code) == (204, 410)
    assert await files_of(place.company_id) == [
        {"state": "READY", "sha256": hashlib.sha256(LARGE).digest(), "body": LARGE}
    ]
    assert len(LARGE) > 2 * PART_BYTES_MAX


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        pytest.param(CONTENT + b"x", {}, 400, id="longer than announced"),
        pytest.param(CONTENT[:-1], {}, 400, id="shorter than announced"),
        pytest.param(CONTENT[:-1], {"Content-Length": str(len(CONTENT))}, 400, id="length lies"),
        pytest.param(
            CONTENT + b"x", {"Content-Length": str(len(CONTENT))}, 400, id="more than its length"
        ),
    ],
)
async def test_other_bytes_than_announced_are_not_kept(
    web: Web, place: Place, operator: User, content: bytes, headers: dict[str, str], status: int
) -> None:
    upload = await announced(web, operator)

    refused = await web.http.put(upload["putUrl"], content=content, headers=headers)

    assert (refused.status_code, refused.content) == (status, b"")
    assert await files_of(place.company_id) == [waiting()]
    assert (await put(web, upload["putUrl"], CONTENT)).status_code == 204


async def test_a_file_with_another_hash_is_not_kept(web: Web, place: Place, operator: User) -> None:
    digest = hashlib.sha256(CONTENT)
    upload = await announced(web, operator, sha256=digest.hexdigest())

    refused = await put(web, upload["putUrl"], CONTENT.swapcase())

    assert refused.status_code == 400
    assert await files_of(place.company_id) == [waiting() | {"sha256": digest.digest()}]


async def test_a_body_without_a_length_is_refused(web: Web, place: Place, operator: User) -> None:
    upload = await announced(web, operator)

    async def body() -> AsyncIterator[bytes]:
        yield CONTENT

    refused = await web.http.put(upload["putUrl"], content=body())

    assert refused.status_code == 411
    assert await files_of(place.company_id) == [waiting()]


async def test_a_slow_sender_is_let_go(web: Web, place: Place, operator: User) -> None:
    upload = await announced(web, operator)
    app = Starlette(routes=file_routes(TOKENS, clock=lambda: NOW, silence_s_max=0.05))

    async def body() -> AsyncIterator[bytes]:
        yield CONTENT[:3]
        await asyncio.sleep(5)

    async with AsyncClient(transport=ASGITransport(app), base_url="http://slow.test") as client:
        refused = await client.put(
            upload["putUrl"], content=body(), headers={"Content-Length": str(len(CONTENT))}
        )

    assert refused.status_code == 408
    assert await files_of(place.company_id) == [waiting()]


async def test_two_senders_at_once_make_one_file(web: Web, place: Place, operator: User) -> None:
    upload = await announced(web, operator, LARGE)

    both = await asyncio.gather(*(put(web, upload["putUrl"], LARGE) for _ in range(2)))

    assert sorted(one.status_code for one in both) == [204, 410]
    assert [one["body"] for one in await files_of(place.company_id)] == [LARGE]


async def test_an_expired_url_takes_nothing(web: Web, place: Place, operator: User) -> None:
    upload = await announced(web, operator)
    web.clock.move(timedelta(minutes=15))

    refused = await put(web, upload["putUrl"], CONTENT)

    assert refused.status_code == 410
    assert await files_of(place.company_id) == [waiting()]


async def test_a_tampered_url_is_not_found(web: Web, place: Place, operator: User) -> None:
    url = (await announced(web, operator))["putUrl"]
    other = "A" if url[12] != "A" else "B"

    refused = await put(web, url[:12] + other + url[13:], CONTENT)

    assert (refused.status_code, refused.content) == (404, b"")
    assert await files_of(place.company_id) == [waiting()]


async def test_a_url_for_sending_fetches_nothing(web: Web, operator: User) -> None:
    upload = await announced(web, operator)
    await put(web, upload["putUrl"], CONTENT)

    assert (await web.http.get(upload["putUrl"])).status_code == 404


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        pytest.param({"size": 0}, "size", id="empty"),
        pytest.param({"size": FILE_BYTES_MAX + 1}, "size", id="too large"),
        pytest.param({"fileName": "../meters.csv"}, "fileName", id="a folder in the name"),
        pytest.param({"fileName": "C:\\meters.csv"}, "fileName", id="a drive in the name"),
        pytest.param({"mimeType": "text"}, "mimeType", id="no media type"),
        pytest.param({"sha256": "abc"}, "sha256", id="no hash"),
    ],
)
async def test_a_file_that_cannot_be_is_not_announced(
    web: Web, place: Place, operator: User, changed: dict[str, Any], path: str
) -> None:
    file = {"fileName": "meters.csv", "mimeType": "text/csv", "size": 10, **changed}

    payload = (await web.ask(CREATE, operator, input=file)).data["createUpload"]

    assert payload["upload"] is None
    assert [(one["code"], one["path"]) for one in payload["userErrors"]] == [
        ("INVALID_VALUE", ["input", path])
    ]
    assert await files_of(place.company_id) == []


async def test_a_company_cannot_fill_the_disk(web: Web, place: Place, operator: User) -> None:
    file = {"fileName": "meters.csv", "mimeType": "text/csv", "size": FILE_BYTES_MAX}
    fitting = STORED_BYTES_MAX // FILE_BYTES_MAX
    for _ in range(fitting):
        await web.ask(CREATE, operator, input=file)

    payload = (await web.ask(CREATE, operator, input=file)).data["createUpload"]

    assert [one["code"] for one in payload["userErrors"]] == ["STORAGE_FULL"]
    assert len(await files_of(place.company_id)) == fitting


async def test_who_may_not_import_sends_nothing(web: Web, place: Place) -> None:
    file = {"fileName": "meters.csv", "mimeType": "text/csv", "size": 10}
    subscriber = await web.user(
        place.company_id, Role.SUBSCRIBER, subscriber_id=place.subscriber_id
    )

    answer = await web.ask(CREATE, subscriber, input=file)

    assert answer.errors == [("FORBIDDEN", ["createUpload"])]
    assert await files_of(place.company_id) == []


async def kept(place: Place, name: str, content: bytes = LARGE) -> tuple[FileId, str]:
    """Keep a file, and return the path that it can be fetched from."""
    file_id = await contents.keep(
        company_id=place.company_id,
        user_id=UserId(1),
        key_id=None,
        name=name,
        mime_type="application/zip",
        source=BytesIO(content),
        size=len(content),
        now=NOW,
    )
    right = FileRight(
        purpose=Purpose.FETCH,
        company_id=place.company_id,
        file_id=file_id,
        size=len(content),
        expires_at=NOW + timedelta(minutes=15),
    )
    return file_id, path_of(TOKENS, right)


async def test_a_file_is_fetched_to_be_saved_and_not_to_be_shown(web: Web, place: Place) -> None:
    _, path = await kept(place, 'Sayaç "A".zip')

    fetched = await web.http.get(path)

    assert fetched.content == LARGE
    assert fetched.headers["content-type"] == "application/zip"
    assert fetched.headers["content-length"] == str(len(LARGE))
    assert fetched.headers["x-content-type-options"] == "nosniff"
    assert fetched.headers["cache-control"] == "private, no-store"
    assert fetched.headers["content-disposition"] == (
        "attachment; filename=\"Saya_ _A_.zip\"; filename*=UTF-8''Saya%C3%A7%20%22A%22.zip"
    )


async def test_an_expired_url_fetches_nothing(web: Web, place: Place) -> None:
    _, path = await kept(place, "meters.zip")
    web.clock.move(timedelta(minutes=15))

    fetched = await web.http.get(path)

    assert (fetched.status_code, fetched.content) == (410, b"")


async def test_expired_files_are_removed(web: Web, place: Place, operator: User) -> None:
    await announced(web, operator)
    file_id, path = await kept(place, "meters.zip")
    a_day_later = NOW + timedelta(hours=24)

    early = await contents.remove_expired(now=a_day_later - timedelta(seconds=1))
    removed = await contents.remove_expired(now=a_day_later)

    assert (early, removed) == (0, 2)
    assert await files_of(place.company_id) == []
    found = await contents.find(
        company_id=place.company_id, file_id=file_id, kind=FileKind.DOWNLOAD, now=NOW
    )
    assert found is None
    assert (await web.http.get(path)).status_code == 410

"""Files are sent by signed URLs, whole or not at all."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.applications import Starlette

from api.files import file_routes
from db import access
from domain.files.limits import PART_BYTES_MAX
from tests.api.files.sending import CONTENT, LARGE, TOKENS, announced, files_of, put, waiting
from tests.api.web import User, Web
from tests.factories import NOW, Place


async def test_entries_of_sending_say_who_announced_the_file_and_in_which_request(
    web: Web, place: Place, operator: User
) -> None:
    upload = await announced(web, operator)

    await web.http.put(upload["putUrl"], content=CONTENT, headers={"X-Request-Id": "abc-1"})

    async with access.tenant(place.company_id) as connection:
        rows = await connection.fetch(
            "select kind, actor_kind, user_id, address, request_id from daily_entry"
            " where company_id = $1 and object_type = 'File' order by id",
            place.company_id,
        )
    assert {(row["actor_kind"], row["user_id"]) for row in rows} == {("USER", operator.id)}
    announcing, *sending = [(row["kind"], row["address"], row["request_id"]) for row in rows]
    assert announcing[0] == "ADDED"
    assert set(sending) == {("UPDATED", "127.0.0.1", "abc-1")}


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

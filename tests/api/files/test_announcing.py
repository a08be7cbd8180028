"""Files are announced by those who may send them, and as they can be."""

from typing import Any

import pytest

from db.enums import Role
from domain.files.limits import FILE_BYTES_MAX, STORED_BYTES_MAX
from tests.api.files.sending import CREATE, files_of
from tests.api.web import User, Web
from tests.factories import Place


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

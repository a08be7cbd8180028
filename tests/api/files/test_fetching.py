"""Files are fetched by signed URLs, and go when they expire."""

from datetime import timedelta
from io import BytesIO

from api.file_tokens import FileRight, Purpose
from api.files import path_of
from db.enums import FileKind
from db.ids import FileId, UserId
from domain.files import contents
from tests.api.files.sending import CONTENT, LARGE, TOKENS, announced, files_of, put
from tests.api.web import User, Web
from tests.factories import NOW, Place


async def test_a_url_for_sending_fetches_nothing(web: Web, operator: User) -> None:
    upload = await announced(web, operator)
    await put(web, upload["putUrl"], CONTENT)

    assert (await web.http.get(upload["putUrl"])).status_code == 404


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

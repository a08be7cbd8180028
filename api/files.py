"""Sending and fetching files by signed URLs. A refused URL is told a status and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from api.file_tokens import FileRight, FileTokenExpired, FileTokens, InvalidFileToken, Purpose
from api.request_ids import REQUEST_ID_HEADER, request_id_of
from db.acting import Actor, acting
from db.enums import ActorKind, FileKind
from domain.files import contents
from domain.files.contents import StoredFile
from domain.files.uploads import Reception, UploadGone, WrongContent, announced_by

PATH = "/files/{token}"
# A sender that is silent for longer, or not done by then, is slower than a file needs to be.
SILENCE_S_MAX = 15.0
RECEPTION_S_MAX = 600.0
FALLBACK_TYPE = "application/octet-stream"
# What no browser runs or shows by itself.
DOWNLOAD_TYPES = frozenset(
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/zip"}
)
PRIVATE = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}


def path_of(tokens: FileTokens, right: FileRight) -> str:
    """Return the path of the URL that gives the right."""
    return PATH.format(token=tokens.sign(right))


def file_routes(
    tokens: FileTokens,
    *,
    clock: Callable[[], datetime],
    silence_s_max: float = SILENCE_S_MAX,
) -> list[Route]:
    """Return the routes of sending and fetching files."""

    async def send(request: Request) -> Response:
        try:
            right = tokens.read(request.path_params["token"], Purpose.SEND, now=clock())
            with acting(await _sender(request, right)):
                status = await _receive(request, right, now=clock(), silence_s_max=silence_s_max)
        except InvalidFileToken:
            status = 404
        except (FileTokenExpired, UploadGone):
            status = 410
        # What is not read yet must not be taken for the next request.
        headers = PRIVATE if status == 204 else {**PRIVATE, "Connection": "close"}  # noqa: PLR2004
        return Response(status_code=status, headers=headers)

    async def fetch(request: Request) -> Response:
        try:
            right = tokens.read(request.path_params["token"], Purpose.FETCH, now=clock())
        except InvalidFileToken:
            return Response(status_code=404, headers=PRIVATE)
        except FileTokenExpired:
            return Response(status_code=410, headers=PRIVATE)
        file = await contents.find(
            company_id=right.company_id, file_id=right.file_id, kind=FileKind.DOWNLOAD, now=clock()
        )
        if file is None:
            return Response(status_code=410, headers=PRIVATE)
        return StreamingResponse(
            contents.parts(company_id=file.company_id, file_id=file.file_id, size=file.size),
            headers=_download_headers(file),
        )

    return [Route(PATH, send, methods=["PUT"]), Route(PATH, fetch, methods=["GET"])]


async def _sender(request: Request, right: FileRight) -> Actor:
    """Return who announced the file: the URL is theirs, and says nothing more of who sends."""
    user_id, key_id = await announced_by(company_id=right.company_id, file_id=right.file_id)
    if key_id is not None:
        kind = ActorKind.KEY
    else:
        kind = ActorKind.SYSTEM if user_id is None else ActorKind.USER
    address = request.client.host if request.client else None
    request_id = request_id_of(request.headers.get(REQUEST_ID_HEADER))
    return Actor(kind=kind, user_id=user_id, key_id=key_id, address=address, request_id=request_id)


async def _receive(
    request: Request, right: FileRight, *, now: datetime, silence_s_max: float
) -> int:
    """Store the body, if it is the one that was announced, and return the status."""
    length = request.headers.get("content-length")
    if length is None:
        return 411
    if length != str(right.size):
        return 400
    reception = await Reception.begin(company_id=right.company_id, file_id=right.file_id, now=now)
    try:
        async with asyncio.timeout(RECEPTION_S_MAX):
            await _store(request.stream(), reception, silence_s_max=silence_s_max)
    except TimeoutError:
        await reception.give_up()
        return 408
    except (WrongContent, ClientDisconnect):
        await reception.give_up()
        return 400
    except BaseException:
        await reception.give_up()
        raise
    return 204


async def _store(body: AsyncIterator[bytes], reception: Reception, *, silence_s_max: float) -> None:
    while True:
        async with asyncio.timeout(silence_s_max):
            chunk = await anext(body, None)
        if chunk is None:
            break
        await reception.add(chunk)
    await reception.complete()


def _download_headers(file: StoredFile) -> dict[str, str]:
    plain = "".join(
        c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in file.name
    )
    return {
        **PRIVATE,
        "Content-Type": file.mime_type if file.mime_type in DOWNLOAD_TYPES else FALLBACK_TYPE,
        "Content-Length": str(file.size),
        "Content-Disposition": (
            f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}"
        ),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Referrer-Policy": "no-referrer",
    }

"""GraphQL over HTTP: what a request looks like, and which status and type its answer has."""

import logging
from collections.abc import Mapping
from time import perf_counter
from typing import Any

import orjson
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send
from strawberry.http.ides import get_graphql_ide_html

from api.auth import COMPANY_HEADER
from api.caller import Caller
from api.context import Context
from api.engine import ChangesSomething, Engine
from api.equipment import Equipment
from api.errors import Code, RateLimited, Refusal, formatted, unforeseen
from api.languages import wanted
from api.limits import BODY_BYTES_MAX
from api.outcomes import Outcome
from api.request_ids import REQUEST_ID_HEADER, request_id_of
from api.requests import MalformedRequest, Request, request_of
from db.acting import acting

NOT_STORED = {"Cache-Control": "no-store", "Vary": "Accept"}
READING = frozenset({"GET", "HEAD"})
GRAPHQL_TYPE = "application/graphql-response+json"
JSON_TYPE = "application/json"
# For answers of GRAPHQL_TYPE to requests that were refused as a whole. Old clients, which take
# JSON_TYPE, expect 200 whenever the body could be read.
REQUEST_ERROR_STATUS = 400
RATE_LIMITED_STATUS = 429
REFUSED_STATUS_MIN = 400
SLOW_S = 1.0

log = logging.getLogger(__name__)


class HttpRefusal(Exception):
    """The request is not one that GraphQL over HTTP knows."""

    def __init__(
        self, status: int, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.headers = headers or {}
        self.error = Refusal(Code.BAD_REQUEST, message)
        super().__init__(message)


class Endpoint:
    """Answers GET and POST: give it to a route."""

    def __init__(self, engine: Engine, equipment: Equipment, *, has_ide: bool) -> None:
        self._engine = engine
        self._equipment = equipment
        self._has_ide = has_ide

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.answer(HttpRequest(scope, receive))
        await response(scope, receive, send)

    async def answer(self, http: HttpRequest) -> Response:
        """Return the response to a request, whatever it is."""
        begun_s = perf_counter()
        nobody = self._context_of_nobody(http)
        with acting(nobody.actor):
            try:
                response = await self._answer(http, nobody)
            except Exception as error:
                response = _encoded({"errors": [unforeseen(error)]}, JSON_TYPE, 500)
            response.headers[REQUEST_ID_HEADER] = str(nobody.request_id)
            _note(http, response, took_s=perf_counter() - begun_s)
        return response

    async def _answer(self, http: HttpRequest, nobody: Context) -> Response:
        if self._has_ide and http.method in READING and _wants_page(http.headers.get("accept")):
            return HTMLResponse(get_graphql_ide_html(), headers=NOT_STORED)
        media_type = JSON_TYPE
        try:
            media_type = _answer_type(http.headers.get("accept"))
            request = await _request(http)
            context = nobody.renewed(await self._caller(http, nobody))
        except HttpRefusal as refusal:
            return _response([refusal.error], media_type, refusal.status, refusal.headers)
        except Refusal as refusal:
            return _outcome_response(Outcome(None, [refusal], is_refused=True), media_type)
        try:
            with acting(context.actor):
                outcome = await self._engine.execute(
                    request, context, reading_only=http.method in READING
                )
        except ChangesSomething:
            error = Refusal(Code.BAD_REQUEST, "GET is for queries alone.")
            return _response([error], media_type, 405, {"Allow": "POST"})
        return _outcome_response(outcome, media_type)

    async def _caller(self, http: HttpRequest, nobody: Context) -> Caller | None:
        return await self._equipment.auth.caller(
            authorization=http.headers.get("authorization"),
            company=http.headers.get(COMPANY_HEADER),
            address=nobody.address,
            language=nobody.language,
        )

    def _context_of_nobody(self, http: HttpRequest) -> Context:
        return Context(
            equipment=self._equipment,
            caller=None,
            address=http.client.host if http.client else "",
            request_id=request_id_of(http.headers.get(REQUEST_ID_HEADER)),
            user_agent=http.headers.get("user-agent", ""),
            language=wanted(http.headers.get("accept-language")),
        )


def _note(http: HttpRequest, response: Response, *, took_s: float) -> None:
    """Log what is out of the ordinary; a line for each request would cost a tenth of some."""
    unusual = took_s >= SLOW_S or response.status_code >= REFUSED_STATUS_MIN
    facts = {
        "method": http.method,
        "status": response.status_code,
        "took_ms": round(took_s * 1_000, 1),
    }
    log.log(logging.INFO if unusual else logging.DEBUG, "request.answered", extra=facts)


def _answer_type(accept: str | None) -> str:
    """Return the type that the client likes best, of those that it takes."""
    if accept is None or not accept.strip():
        return JSON_TYPE
    best, liking_best = None, 0.0
    for part in accept.split(","):
        name, _, parameters = part.partition(";")
        media_type = {
            GRAPHQL_TYPE: GRAPHQL_TYPE,
            JSON_TYPE: JSON_TYPE,
            "application/*": JSON_TYPE,
            "*/*": JSON_TYPE,
        }.get(name.strip().lower())
        liking = _liking(parameters)
        if media_type is not None and liking > liking_best:
            best, liking_best = media_type, liking
    if best is None:
        raise HttpRefusal(406, f"Accept {GRAPHQL_TYPE} or {JSON_TYPE}.")
    return best


def _wants_page(accept: str | None) -> bool:
    """Return whether a browser asks, on behalf of a person."""
    types = (part.partition(";")[0].strip().lower() for part in (accept or "").split(","))
    return "text/html" in types


def _liking(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


async def _request(http: HttpRequest) -> Request:
    if http.method in READING:
        return _checked(_query_parameters(http))
    content_type, _, parameters = http.headers.get("content-type", "").partition(";")
    charset = parameters.lower().partition("charset=")[2].strip().strip('"')
    if content_type.strip().lower() != JSON_TYPE or charset not in {"", "utf-8", "utf8"}:
        raise HttpRefusal(415, f"Send {JSON_TYPE} in UTF-8.")
    return _checked(_json(await _body(http), "The body"))


async def _body(http: HttpRequest) -> bytes:
    body = bytearray()
    async for chunk in http.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            # What else is on its way is not read: the connection ends with the answer.
            message = f"The body is larger than {BODY_BYTES_MAX} bytes."
            raise HttpRefusal(413, message, headers={"Connection": "close"})
    return bytes(body)


def _query_parameters(http: HttpRequest) -> dict[str, Any]:
    if len(http.url.query) > BODY_BYTES_MAX:
        raise HttpRefusal(413, f"The query string is larger than {BODY_BYTES_MAX} bytes.")
    parameters: dict[str, Any] = dict(http.query_params)
    for name in ("variables", "extensions"):
        if name in parameters:
            parameters[name] = _json(parameters[name].encode(errors="replace"), f"`{name}`")
    return parameters


def _json(text: bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise HttpRefusal(400, f"{what} is not JSON.") from None


def _checked(parameters: object) -> Request:
    if not isinstance(parameters, dict):
        raise HttpRefusal(400, "The body must be one JSON object.")
    try:
        return request_of(parameters)
    except MalformedRequest as malformed:
        raise HttpRefusal(400, str(malformed)) from None


def _outcome_response(outcome: Outcome, media_type: str) -> Response:
    body: dict[str, Any] = {} if outcome.is_refused else {"data": outcome.data}
    if outcome.errors:
        body["errors"] = [formatted(error) for error in outcome.errors]
    if outcome.extensions:
        body["extensions"] = outcome.extensions
    waits_s = [error.retry_after_s for error in _limited(outcome)]
    headers = {"Retry-After": str(max(waits_s))} if waits_s else {}
    return _encoded(body, media_type, _status(outcome, media_type), headers)


def _status(outcome: Outcome, media_type: str) -> int:
    if not outcome.is_refused or media_type != GRAPHQL_TYPE:
        return 200
    return RATE_LIMITED_STATUS if _limited(outcome) else REQUEST_ERROR_STATUS


def _limited(outcome: Outcome) -> list[RateLimited]:
    """Return the errors that say when to try again, of the request or of its fields."""
    errors = (error.original_error or error for error in outcome.errors)
    return [error for error in errors if isinstance(error, RateLimited)]


def _response(
    errors: list[Refusal],
    media_type: str,
    status: int,
    headers: Mapping[str, str] | None = None,
) -> Response:
    body = {"errors": [formatted(error) for error in errors]}
    return _encoded(body, media_type, status, headers)


def _encoded(
    body: object, media_type: str, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(
        orjson.dumps(body),
        status,
        {**NOT_STORED, **(headers or {})},
        media_type=f"{media_type}; charset=utf-8",
    )

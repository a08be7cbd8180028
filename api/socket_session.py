"""What is said on one socket, by a caller whose rights are checked all the while."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import aclosing
from typing import Protocol

from api.caller import Caller
from api.context import Context
from api.engine import Engine
from api.errors import BadUserInput, Code, Forbidden, Refusal, Unauthenticated
from api.languages import wanted
from api.live import Lagging
from api.requests import MalformedRequest, Request, request_of
from api.socket_messages import Malformed, checked, credentials, error_event, next_event
from db.access import DatabaseUnavailable
from db.acting import acting

INIT_TIMEOUT_S = 5.0
CHECK_EVERY_S = 4.0
# Where the database did not say: it may be back sooner than that.
CHECK_AGAIN_S = 0.5
OPERATIONS_MAX = 100

INTERNAL_ERROR = 1011
TRY_AGAIN_LATER = 1013
BAD_REQUEST = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
TIMEOUT = 4408
LAGGING = 4408
ALREADY_EXISTS = 4409
TOO_MANY_INITS = 4429

log = logging.getLogger(__name__)


class Gone(Exception):
    """The other side is not there any more, or does not listen."""


class Line(Protocol):
    """Carries messages to and from one client."""

    async def receive(self) -> object:
        """Return the next message.

        :raises Gone, Malformed: there is none
        """
        ...

    async def send(self, message: Mapping[str, object]) -> None:
        """Send a message.

        :raises Gone: nobody takes it
        """
        ...

    async def close(self, code: int, reason: str) -> None: ...


class SocketSession:
    """Serves one socket from its handshake to its end.

    context: of nobody; each operation gets one of its own, for the caller.
    pause: returns after so many seconds.
    """

    def __init__(
        self,
        line: Line,
        engine: Engine,
        context: Context,
        *,
        check_every_s: float = CHECK_EVERY_S,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._line = line
        self._engine = engine
        self._context = context
        self._check_every_s = check_every_s
        self._pause = pause
        self._caller: Caller | None = None
        self._is_initialising = False
        self._is_over = asyncio.Event()
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._operations_begun = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Return when either side has closed the socket; nothing of it runs on."""
        self._start(self._listen())
        self._start(self._expect_init())
        try:
            await self._is_over.wait()
        finally:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guarded(self, work: Coroutine[object, object, None]) -> None:
        """Do some of the socket's work; where it fails, the socket ends."""
        try:
            await work
        except Gone:
            self._is_over.set()
        except Malformed as error:
            await self._end(BAD_REQUEST, str(error))
        except Lagging:
            await self._end(LAGGING, "You take the events too slowly")
        except DatabaseUnavailable:
            await self._end(TRY_AGAIN_LATER, "Try again later")
        except Exception:
            log.exception("socket.failed")
            await self._end(INTERNAL_ERROR, "Something went wrong on our side")

    async def _end(self, code: int, reason: str) -> None:
        """Close the socket and stop everything on it, the calling task included."""
        await self._line.close(code, reason)
        self._is_over.set()

    async def _expect_init(self) -> None:
        await self._pause(INIT_TIMEOUT_S)
        if not self._is_initialising:
            await self._end(TIMEOUT, "Connection initialisation timeout")

    async def _listen(self) -> None:
        while not self._is_over.is_set():
            await self._hear(await self._line.receive())

    async def _hear(self, message: object) -> None:
        match message:
            case {"type": "connection_init", **rest}:
                await self._initialise(rest.get("payload"))
            case {"type": "ping"}:
                await self._line.send({"type": "pong"})
            case {"type": "pong"}:
                pass
            case {"type": "subscribe", "id": str(id), "payload": dict(payload)}:
                await self._subscribe(checked(id), payload)
            case {"type": "complete", "id": str(id)}:
                self._forget(id, self._operations.get(id))
            case _:
                raise Malformed("This is no message of graphql-transport-ws")

    async def _initialise(self, payload: object) -> None:
        if self._is_initialising:
            await self._end(TOO_MANY_INITS, "Too many initialisation requests")
            return
        self._is_initialising = True
        self._caller = await self._authenticate(payload)
        if self._caller is not None:
            self._start(self._check(self._caller))
            await self._line.send({"type": "connection_ack"})

    async def _authenticate(self, payload: object) -> Caller | None:
        """Return who opens the socket; otherwise end it and return None."""
        authorization, company, locale = credentials(payload)
        try:
            caller = await self._context.equipment.auth.caller(
                authorization=authorization,
                company=company,
                address=self._context.address,
                language=wanted(locale) or self._context.language,
            )
        except BadUserInput as error:
            raise Malformed(error.message) from error
        except Forbidden as error:
            await self._end(FORBIDDEN, error.message)
            return None
        except Unauthenticated as error:
            await self._end(UNAUTHORIZED, error.message)
            return None
        if caller is None:
            await self._end(UNAUTHORIZED, "Unauthorized")
        return caller

    async def _check(self, caller: Caller) -> None:
        """End the socket soon after the caller's token, session or rights have."""
        pause_s = self._check_every_s
        while (left_s := (caller.expires_at - self._context.clock()).total_seconds()) > 0:
            await self._pause(min(pause_s, left_s))
            try:
                renewed = await self._context.equipment.auth.renewed(caller)
            except DatabaseUnavailable:
                pause_s = CHECK_AGAIN_S
                continue
            pause_s = self._check_every_s
            if renewed is None:
                await self._end(UNAUTHORIZED, "The session has ended")
                return
            if _rights(renewed) != _rights(caller):
                await self._end(FORBIDDEN, "Your rights have changed")
                return
        await self._end(UNAUTHORIZED, "The token has expired")

    async def _subscribe(self, id: str, payload: Mapping[str, object]) -> None:
        try:
            request: Request | Refusal = request_of(payload)
        except MalformedRequest as malformed:
            raise Malformed(str(malformed)) from malformed
        except Refusal as refusal:
            request = refusal
        if self._caller is None:
            await self._end(UNAUTHORIZED, "Unauthorized")
        elif id in self._operations:
            await self._end(ALREADY_EXISTS, f"Subscriber for {id} already exists")
        elif len(self._operations) >= OPERATIONS_MAX:
            refused = f"At most {OPERATIONS_MAX} operations may run on a socket."
            await self._line.send(error_event(id, [Refusal(Code.BAD_REQUEST, refused)]))
        elif isinstance(request, Refusal):
            await self._line.send(error_event(id, [request]))
        else:
            self._operations_begun += 1
            request_id = f"{self._context.request_id}.{self._operations_begun}"
            context = self._context.renewed(self._caller, request_id=request_id)
            self._operations[id] = self._start(self._run(id, request, context))

    async def _run(self, id: str, request: Request, context: Context) -> None:
        last: Mapping[str, object] = {"id": id, "type": "complete"}
        with acting(context.actor):
            async with aclosing(self._engine.stream(request, context)) as outcomes:
                async for outcome in outcomes:
                    if outcome.is_refused:
                        last = error_event(id, outcome.errors)
                        break
                    await self._line.send(next_event(id, outcome))
        # The client may use the id again as soon as it has seen the last message.
        self._operations.pop(id, None)
        await self._line.send(last)

    def _forget(self, id: str, operation: asyncio.Task[None] | None) -> None:
        if operation is not None:
            del self._operations[id]
            operation.cancel()


def _rights(caller: Caller) -> tuple[object, ...]:
    return (
        caller.company_id,
        caller.role_name,
        caller.key,
        caller.scopes,
        caller.branch_id,
        caller.field_id,
        caller.subscriber_id,
    )

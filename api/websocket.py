"""GraphQL over WebSocket: `graphql-transport-ws` alone, in text frames.

Not here: what is said on a socket, which `socket_session` knows.
"""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from api.context import Context
from api.engine import Engine
from api.equipment import Equipment
from api.languages import wanted
from api.origins import may_open_socket
from api.request_ids import REQUEST_ID_HEADER, request_id_of
from api.socket_messages import Malformed
from api.socket_session import CHECK_EVERY_S, Gone, SocketSession

PROTOCOL = "graphql-transport-ws"
SEND_TIMEOUT_S = 10.0
MESSAGE_BYTES_MAX = 256 * 1024
REASON_BYTES_MAX = 123
NO_COMMON_PROTOCOL = 4406

SERVER_OPTIONS: Mapping[str, Any] = {
    "ws": "websockets-sansio",
    "ws_max_size": MESSAGE_BYTES_MAX,
    "ws_per_message_deflate": False,
    "ws_ping_interval": 20.0,
    "ws_ping_timeout": 20.0,
}
"""What uvicorn has to be started with."""


class Sockets:
    """The endpoint of all sockets: give it to a route for WebSockets.

    allowed_origins: those whose pages may open one, besides the server's own.
    """

    def __init__(
        self,
        engine: Engine,
        equipment: Equipment,
        *,
        allowed_origins: Collection[str] = (),
        check_every_s: float = CHECK_EVERY_S,
    ) -> None:
        self._engine = engine
        self._equipment = equipment
        self._allowed_origins = allowed_origins
        self._check_every_s = check_every_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        if not may_open_socket(scope, self._allowed_origins):
            # Before it is accepted, that is an answer with status 403.
            await socket.close()
            return
        line = TextLine(socket)
        if PROTOCOL not in scope["subprotocols"]:
            # Only an accepted socket can be told why it is closed.
            await socket.accept()
            await line.close(NO_COMMON_PROTOCOL, f"Only {PROTOCOL} is spoken here")
            return
        await socket.accept(PROTOCOL)
        context = Context(
            equipment=self._equipment,
            caller=None,
            address=socket.client.host if socket.client else "",
            request_id=request_id_of(socket.headers.get(REQUEST_ID_HEADER)),
            user_agent=socket.headers.get("user-agent", ""),
            language=wanted(socket.headers.get("accept-language")),
        )
        session = SocketSession(line, self._engine, context, check_every_s=self._check_every_s)
        await session.serve()


class TextLine:
    """Brings JSON in text frames, and waits for nobody for ever."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket

    async def receive(self) -> object:
        """Return the next message.

        :raises Gone: there will be none
        :raises Malformed: it is no JSON in a text frame
        """
        try:
            return orjson.loads(await self._socket.receive_text())
        except WebSocketDisconnect as error:
            raise Gone from error
        except KeyError as error:
            raise Malformed("Messages have to come in text frames") from error
        except orjson.JSONDecodeError as error:
            raise Malformed("Messages have to be JSON") from error

    async def send(self, message: Mapping[str, object]) -> None:
        """Send a message.

        :raises Gone: nobody takes it
        """
        if self._socket.application_state is WebSocketState.DISCONNECTED:
            raise Gone
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._socket.send_text(orjson.dumps(message).decode())
        except (WebSocketDisconnect, TimeoutError) as error:
            # Whoever does not even take this would not take the reason for closing either.
            raise Gone from error

    async def close(self, code: int, reason: str) -> None:
        """Close the socket for a reason. Safe to repeat."""
        if self._socket.application_state is WebSocketState.DISCONNECTED:
            return
        shown = reason.encode()[:REASON_BYTES_MAX].decode(errors="ignore")
        with suppress(WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._socket.close(code, shown)

"""Asking one HTTP server the same thing over a few kept connections, for a while, on loopback."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

HOST = "127.0.0.1"
CONNECTIONS = 16
HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length: "
# What still may take after the time is over.
GRACE_S = 10.0
# An answer says what is left of a budget.
DIGITS_MAX = 10


class UnexpectedAnswer(Exception):
    """The server did not answer 200 with about as many bytes as expected."""


@dataclass(slots=True)
class Asked:
    """How long each answer took, and how long all of them."""

    latencies_s: list[float] = field(default_factory=list)
    spent_s: float = 0.0

    @property
    def per_s(self) -> float:
        return len(self.latencies_s) / self.spent_s

    def percentile_s(self, percent: int) -> float:
        """Return what `percent` of the answers did not exceed."""
        ordered = sorted(self.latencies_s)
        return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]

    def add(self, other: "Asked") -> None:
        self.latencies_s += other.latencies_s
        self.spent_s += other.spent_s


async def ask(port: int, request: bytes, *, body_bytes: int, for_s: float) -> Asked:
    """Ask on all connections, each again as soon as it has its answer.

    body_bytes: what every answer's body must have, give or take a few digits.

    :raises UnexpectedAnswer: one has not
    """
    loop = asyncio.get_running_loop()
    asked = Asked()
    started_s = time.perf_counter()
    clients = [_Client(request, body_bytes, started_s + for_s, asked) for _ in range(CONNECTIONS)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, HOST, port)  # type: ignore[misc]
    async with asyncio.timeout(for_s + GRACE_S):
        await asyncio.gather(*(client.done for client in clients))
    asked.spent_s = time.perf_counter() - started_s
    return asked


async def answer_of(port: int, request: bytes) -> bytes:
    """Return the body of one answer."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(request)
    head = await reader.readuntil(HEAD_END)
    body = await reader.readexactly(_length(head))
    writer.close()
    if not head.startswith(b"HTTP/1.1 200"):
        raise UnexpectedAnswer(f"{head!r} {body!r}")
    return body


def http_request(method: str, path: str, headers: Sequence[str], body: bytes = b"") -> bytes:
    head = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(head).encode() + HEAD_END + body


class _Client(asyncio.Protocol):
    """Asks until the time is over; cheap, for it shares the machine with whom it asks."""

    def __init__(self, request: bytes, body_bytes: int, until_s: float, asked: Asked) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = request
        self._body_bytes = body_bytes
        self._until_s = until_s
        self._asked = asked
        self._missing = 0
        self._asked_at_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._ask(time.perf_counter())

    def data_received(self, data: bytes) -> None:
        if self._missing == 0:
            self._missing = _whole_length(data, self._body_bytes)
        self._missing -= len(data)
        if self._missing > 0:
            return
        now_s = time.perf_counter()
        self._asked.latencies_s.append(now_s - self._asked_at_s)
        if now_s < self._until_s:
            self._ask(now_s)
        else:
            self._transport.close()
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or UnexpectedAnswer("the server hung up"))

    def _ask(self, now_s: float) -> None:
        self._asked_at_s = now_s
        self._transport.write(self._request)


def _whole_length(data: bytes, body_bytes: int) -> int:
    """Return how long the answer is that begins with `data`."""
    head_end = data.find(HEAD_END)
    if not data.startswith(b"HTTP/1.1 200") or head_end < 0:
        raise UnexpectedAnswer(data[:1_000])
    length = _length(data)
    if abs(length - body_bytes) > DIGITS_MAX:
        raise UnexpectedAnswer(data[:1_000])
    return head_end + len(HEAD_END) + length


def _length(head: bytes) -> int:
    start = head.index(LENGTH) + len(LENGTH)
    return int(head[start : head.index(b"\r", start)])

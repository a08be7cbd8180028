"""The bell between processes: it says "look", and nothing else.

Rings may be lost, and are while Redis is away: whoever waits looks again after a time-out anyway.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Any, Literal, Self, get_args

from broadcaster import Broadcast, BroadcastBackend, Event
from redis.asyncio import Redis
from redis.exceptions import RedisError

CONNECT_TIMEOUT_S = 2.0
SAY_TIMEOUT_S = 0.5
SILENCE_S_MAX = 1.0
RECONNECT_PAUSE_S = 0.5

Word = Literal["frames", "outbox", "payments"]
WORDS: tuple[Word, ...] = get_args(Word)
ECHO = "echo"
Unreachable = (RedisError, OSError, TimeoutError)

log = logging.getLogger(__name__)


class LineDead(Exception):
    """What is said into the line does not come back, although nothing has failed."""


class Bell:
    """One process's line to the channel that all processes of a database share.

    Use it as a context manager. A watchdog opens the line anew whenever it brings nothing back.
    """

    def __init__(self, redis_url: str, database_name: str) -> None:
        self._url = redis_url
        self._channel = f"wattledger:{database_name}:bell"
        self._rung = {word: asyncio.Event() for word in WORDS}
        self._line: Broadcast | None = None
        self._is_lost = False
        self._watchdog: asyncio.Task[None] | None = None
        self._is_closed = False

    @property
    def is_connected(self) -> bool:
        return self._line is not None

    async def __aenter__(self) -> Self:
        self._watchdog = asyncio.create_task(self._keep_line_open())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up. Safe to repeat; afterwards rings are lost and waiting only times out."""
        self._is_closed = True
        if self._watchdog is not None:
            self._watchdog.cancel()
            await asyncio.wait([self._watchdog])

    async def ring(self, word: Word) -> None:
        """Wake whoever waits for `word` in any process, or lose the ring; never raises."""
        if self._line is None:
            return
        try:
            await self._say(self._line, word)
        except Unreachable:
            # Until the line brings something again, rings must not take the time-out each.
            self._line = None

    async def wait(self, word: Word, timeout_s: float) -> bool:
        """Wait until `word` is rung, and return whether it was before the time-out.

        Rings between two waits count as one. All who wait for a word in this process wake, but of
        several, a ring that comes between their waits may reach only one.
        """
        rung = self._rung[word]
        try:
            async with asyncio.timeout(timeout_s):
                await rung.wait()
        except TimeoutError:
            return False
        rung.clear()
        return True

    async def _keep_line_open(self) -> None:
        # Broadcaster may raise an error of its own over the cancellation: ask, or go on for ever.
        while not self._is_closed:
            try:
                await self._listen()
            except (*Unreachable, LineDead) as error:
                if not self._is_lost:
                    log.warning("bell.lost", extra={"reason": repr(error)})
                self._is_lost = True
            except Exception:
                # Without its watchdog the bell would be dumb until the process ends.
                log.exception("bell.failed")
            await asyncio.sleep(RECONNECT_PAUSE_S)

    async def _listen(self) -> None:
        backend = RedisLine(self._url)
        line = Broadcast(backend=backend)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await backend.connect()
            await line.connect()
            await self._hear(line)
        finally:
            self._line = None
            # Broadcaster raises here again whatever its listener has died of.
            with suppress(Exception):
                await line.disconnect()
            await backend.disconnect()

    async def _hear(self, line: Broadcast) -> None:
        """Pass on what is said until nothing comes back any more.

        :raises LineDead: always, in the end
        """
        async with line.subscribe(self._channel) as words:
            await self._say(line, ECHO)
            is_silent = False
            while True:
                try:
                    async with asyncio.timeout(SILENCE_S_MAX):
                        event = await words.get()
                except TimeoutError:
                    if is_silent:
                        raise LineDead(self._channel) from None
                    is_silent = True
                    await self._say(line, ECHO)
                else:
                    is_silent = False
                    self._found(line)
                    self._wake(event.message)

    def _found(self, line: Broadcast) -> None:
        self._line = line
        if self._is_lost:
            log.info("bell.found")
        self._is_lost = False

    async def _say(self, line: Broadcast, word: str) -> None:
        async with asyncio.timeout(SAY_TIMEOUT_S):
            await line.publish(self._channel, word)

    def _wake(self, word: str) -> None:
        for known, rung in self._rung.items():
            if known == word:
                rung.set()


class RedisLine(BroadcastBackend):
    """Broadcaster's way to Redis, for one channel.

    Its own one keeps waiting after the connection broke, in a task that it never ends, and piles
    up what it hears; this one fails where it is read.
    """

    def __init__(self, url: str) -> None:
        self._client = Redis.from_url(url, socket_connect_timeout=CONNECT_TIMEOUT_S)
        self._heard = self._client.pubsub(ignore_subscribe_messages=True)
        self._is_subscribed = asyncio.Event()

    async def connect(self) -> None:
        await self._client.ping()

    async def disconnect(self) -> None:
        with suppress(*Unreachable):
            await self._heard.aclose()
            await self._client.aclose()

    async def subscribe(self, group: str) -> None:
        await self._heard.subscribe(group)
        self._is_subscribed.set()

    async def unsubscribe(self, group: str) -> None:
        """Do nothing: hanging up, which follows, unsubscribes, also where the line is broken."""

    async def publish(self, channel: str, message: Any) -> None:
        await self._client.publish(channel, message)

    async def next_published(self) -> Event:
        await self._is_subscribed.wait()
        while True:
            said = await self._heard.get_message(timeout=None)
            if said is not None and said["type"] == "message":
                return Event(said["channel"].decode(), said["data"].decode(errors="replace"))

"""The push side's sockets: collectors dial in, their frames are stored, then acknowledged."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from asyncpg import PostgresError

from collectors.base import (
    ClockTold,
    Close,
    Effect,
    Identify,
    PushSide,
    RawFrame,
    Reply,
    Store,
)
from collectors.frame_writer import FrameWriter, NotStored, Stored
from db.access import DatabaseUnavailable
from db.ids import FrameId
from domain.collectors import operations as collectors
from domain.collectors.operations import KnownCollector
from domain.frames.operations import INCOMPLETE, REVIEW_FIRST, bucket_of
from domain.hierarchy import synchronisations

log = logging.getLogger(__name__)

CONNECTIONS_MAX: Final = 20_000
READ_BYTES: Final = 64 * 1024
IDENTIFY_TIMEOUT_S: Final = 15.0
IDLE_TIMEOUT_S: Final = 20 * 60.0
WRITE_TIMEOUT_S: Final = 15.0
CONTACT_EVERY: Final = timedelta(minutes=1)
CLOCK_EVERY: Final = timedelta(minutes=1)
STREAMS_MAX: Final = 64
DATABASE_ERRORS = (*DatabaseUnavailable, PostgresError)

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Admission:
    """Who may call. allowlist: networks; none means any address.

    tokenless_allowed: a collector without a token is let in by its address alone.
    """

    allowlist: Sequence[Network] = ()
    tokenless_allowed: bool = False

    def admits(self, peer: Address) -> bool:
        peer = getattr(peer, "ipv4_mapped", None) or peer
        return not self.allowlist or any(peer in network for network in self.allowlist)


class Gateway:
    """Serves collectors of one protocol; one of them is one connection at a time.

    new_session: the protocol's push side, fresh for each connection.
    """

    def __init__(
        self,
        *,
        writer: FrameWriter,
        new_session: Callable[[], PushSide],
        admission: Admission,
        clock: Callable[[], datetime],
    ) -> None:
        self.writer = writer
        self.admission = admission
        self.clock = clock
        self._new_session = new_session
        self._open = 0
        self._of_collector: dict[KnownCollector, asyncio.StreamWriter] = {}
        self._conversations: set[asyncio.Task[None]] = set()

    @property
    def connections(self) -> int:
        return self._open

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Listen; port 0 takes a free one. Close the returned server to stop."""
        return await asyncio.start_server(self._connected, host, port, limit=READ_BYTES)

    async def close(self) -> None:
        """Hang up on everybody. What was not acknowledged will be sent again."""
        for conversation in self._conversations:
            conversation.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)

    def identified(self, stream: asyncio.StreamWriter, known: KnownCollector) -> None:
        """Let a collector's newest connection be its only one; an older one is dead by then."""
        older = self._of_collector.get(known)
        if older is not None and older is not stream:
            older.close()
        self._of_collector[known] = stream

    def _left(self, stream: asyncio.StreamWriter, known: KnownCollector | None) -> None:
        self._open -= 1
        if known is not None and self._of_collector.get(known) is stream:
            del self._of_collector[known]

    def _connected(self, reader: asyncio.StreamReader, stream: asyncio.StreamWriter) -> None:
        conversation = asyncio.create_task(self._converse(reader, stream))
        self._conversations.add(conversation)
        conversation.add_done_callback(self._conversations.discard)

    async def _converse(self, reader: asyncio.StreamReader, stream: asyncio.StreamWriter) -> None:
        peer = ip_address(stream.get_extra_info("peername")[0].partition("%")[0])
        if self._open >= CONNECTIONS_MAX or not self.admission.admits(peer):
            log.warning("gateway.refused", extra={"peer": str(peer), "open": self._open})
            stream.close()
            return
        self._open += 1
        conversation = _Conversation(self, self._new_session(), reader, stream, peer)
        try:
            await conversation.run()
        except (OSError, TimeoutError, NotStored, *DATABASE_ERRORS) as error:
            log.info("gateway.hung_up", extra={"peer": str(peer), "reason": repr(error)})
        finally:
            self._left(stream, conversation.known)
            await _hang_up(stream)


async def _hang_up(stream: asyncio.StreamWriter) -> None:
    """Close a connection, and drop it when the other side does not take what is on its way."""
    stream.close()
    try:
        async with asyncio.timeout(WRITE_TIMEOUT_S):
            await stream.wait_closed()
    except (OSError, TimeoutError):
        stream.transport.abort()


class _Conversation:
    def __init__(
        self,
        gateway: Gateway,
        session: PushSide,
        reader: asyncio.StreamReader,
        stream: asyncio.StreamWriter,
        peer: Address,
    ) -> None:
        self._gateway = gateway
        self._session = session
        self._reader = reader
        self._stream = stream
        self._peer = peer
        self.known: KnownCollector | None = None
        self._contact_at = gateway.clock()
        self._clock_at = self._contact_at - CLOCK_EVERY
        self._fragments: dict[str, list[Stored]] = {}
        self._is_open = True

    async def run(self) -> None:
        # One time for all of it: a byte now and then must not hold a place for days.
        async with asyncio.timeout(IDENTIFY_TIMEOUT_S):
            while self._is_open and self.known is None:
                await self._take()
        while self._is_open:
            async with asyncio.timeout(IDLE_TIMEOUT_S):
                await self._take()
            await self._note_contact()

    async def _take(self) -> None:
        data = await self._reader.read(READ_BYTES)
        if not data:
            self._is_open = False
            return
        await self._carry_out(self._session.feed(data))

    async def _carry_out(self, effects: Sequence[Effect]) -> None:
        """Do as the session says. Frames of one chunk are stored together; acks come after."""
        acks: list[tuple[Stored, bytes | None]] = []
        for effect in effects:
            match effect:
                case Store(frame=frame, ack=ack):
                    acks.append((await self._put(frame), ack))
                case Reply(data=data):
                    self._say(data)
                case Identify():
                    await self._carry_out(await self._identify(effect))
                case ClockTold(device_at=device_at):
                    await self._note_clock(device_at)
                case Close(reason=reason):
                    log.info("gateway.closes", extra={"peer": str(self._peer), "reason": reason})
                    self._is_open = False
        await self._acknowledge(acks)

    async def _acknowledge(self, acks: Sequence[tuple[Stored, bytes | None]]) -> None:
        due: list[bytes] = []
        try:
            for stored, ack in acks:
                await stored
                if ack is not None:
                    due.append(ack)
        finally:
            # Also when a later frame is not stored: these are.
            self._say(b"".join(due))
        async with asyncio.timeout(WRITE_TIMEOUT_S):
            await self._stream.drain()

    def _say(self, data: bytes) -> None:
        # uvloop complains about a line that the other side has closed, asyncio does not.
        if not self._stream.is_closing():
            self._stream.write(data)

    async def _put(self, frame: RawFrame) -> Stored:
        known = self.known
        assert known is not None  # noqa: S101 - the session stores for the identified only
        waits_for = REVIEW_FIRST if known.review_first else None
        fragment_ids: list[FrameId] = []
        if not frame.last:
            waits_for = INCOMPLETE
        else:
            earlier = self._fragments.pop(frame.reference_id, [])
            fragment_ids = [await stored for stored in earlier]
        stored = await self._gateway.writer.put(
            frame,
            collector=known,
            bucket=bucket_of(known.company_id, str(known.collector_id)),
            fragment_ids=fragment_ids,
            waits_for=waits_for,
        )
        if not frame.last:
            self._remember_fragment(frame.reference_id, stored)
        return stored

    def _remember_fragment(self, reference_id: str, stored: Stored) -> None:
        if reference_id not in self._fragments and len(self._fragments) >= STREAMS_MAX:
            # The oldest is the likeliest to have been given up by the collector.
            del self._fragments[next(iter(self._fragments))]
        self._fragments.setdefault(reference_id, []).append(stored)

    async def _identify(self, caller: Identify) -> list[Effect]:
        now = self._gateway.clock()
        known = await collectors.identify(
            flag=caller.flag,
            serial=caller.serial,
            token=caller.token,
            facts=caller.facts,
            tokenless_allowed=self._gateway.admission.tokenless_allowed,
            now=now,
        )
        if isinstance(known, KnownCollector):
            self.known, self._contact_at = known, now
            self._gateway.identified(self._stream, known)
            return self._session.identified(ok=True)
        log.warning("gateway.not_identified", extra={"peer": str(self._peer), "reason": known})
        await collectors.quarantine(
            peer=self._peer,
            flag=caller.flag,
            serial=caller.serial,
            reason=known,
            body=repr(dict(caller.facts)).encode(),
            now=now,
        )
        return self._session.identified(ok=False)

    async def _note_clock(self, device_at: datetime) -> None:
        now = self._gateway.clock()
        # A collector that tells its time all the time must not keep the database busy.
        if self.known is None or now - self._clock_at < CLOCK_EVERY:
            return
        self._clock_at = now
        await synchronisations.note_clock(
            company_id=self.known.company_id,
            collector_id=self.known.collector_id,
            device_at=device_at,
            now=now,
        )

    async def _note_contact(self) -> None:
        now = self._gateway.clock()
        if self.known is not None and now - self._contact_at >= CONTACT_EVERY:
            self._contact_at = now
            await collectors.note_contact(known=self.known, now=now)

"""A collector's connection to us: what to store, answer and refuse. No sockets, no database."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from collectors.base import Acknowledged, ClockTold, Close, Effect, Identify, RawFrame, Reply, Store
from collectors.protocols.mass import build
from collectors.protocols.mass.clock import device_at
from collectors.protocols.mass.dialects import Dialect, Function
from collectors.protocols.mass.framing import FRAME_BYTES_MAX, FrameRejected, FrameSplitter
from collectors.protocols.mass.messages import Header, Message, MessageRejected, parse
from collectors.protocols.mass.readouts import failure

# What somebody may send before we know who it is.
IDENTIFICATION_BYTES_MAX: Final = 64 * 1024
WAITING_FRAMES_MAX: Final = 64
# Fragmented messages under way at once, and requests of ours without an ack.
STREAMS_MAX: Final = 64
EXPECTED_MAX: Final = 256


class TooManyRequests(Exception):
    """EXPECTED_MAX requests wait for an ack; none was added."""


class _State(Enum):
    SILENT = auto()
    VERIFYING = auto()
    IDENTIFIED = auto()
    CLOSED = auto()


class PushSession:
    """One connection that a collector opened.

    dialect: None tells it by each message, so that one port serves all.
    """

    def __init__(self, *, dialect: Dialect | None = None) -> None:
        self._dialect = dialect
        self._splitter = FrameSplitter(frame_bytes_max=IDENTIFICATION_BYTES_MAX)
        self._state = _State.SILENT
        self._identification: Header | None = None
        self._sender: build.Sender | None = None
        self._waiting: list[bytes] = []
        self._streams: dict[str, int] = {}
        self._expected: set[str] = set()

    def feed(self, data: bytes) -> list[Effect]:
        """Take bytes as they come, in chunks of any size, and say what to do.

        Never raises: what breaks the protocol is stored if its sender is known, and answered or
        closed. After a Close everything is ignored.
        """
        if self._state is _State.CLOSED:
            return []
        try:
            return self._take(self._splitter.feed(data))
        except FrameRejected as rejected:
            return [*self._take(rejected.frames), *self._give_up(rejected)]

    def identified(self, *, ok: bool) -> list[Effect]:
        """Answer the last Identify, and go on with what the collector has sent meanwhile."""
        if self._state is not _State.VERIFYING or not self._sender or not self._identification:
            return []
        reference_id = self._identification.reference_id
        if not ok:
            description = "the identity or its token is not accepted"
            answer = build.failing_ack(
                self._sender,
                reference_id=reference_id,
                code=build.FAIL_IDENTITY_REFUSED,
                description=description,
            )
            return [Reply(answer), *self._close(description)]
        self._state = _State.IDENTIFIED
        self._splitter.frame_bytes_max = FRAME_BYTES_MAX
        waiting, self._waiting = self._waiting, []
        answer = build.ack(self._sender, reference_id=reference_id)
        return [Reply(answer), *self._take(waiting)]

    def expect(self, reference_id: str) -> None:
        """Announce a request that is about to be sent, so that its ack becomes an effect.

        :raises TooManyRequests: EXPECTED_MAX are open
        """
        if len(self._expected) >= EXPECTED_MAX:
            raise TooManyRequests(f"{EXPECTED_MAX} requests wait for an ack")
        self._expected.add(reference_id)

    def _take(self, frames: list[bytes]) -> list[Effect]:
        effects: list[Effect] = []
        for raw in frames:
            match self._state:
                case _State.IDENTIFIED:
                    effects += self._on_frame(raw)
                case _State.SILENT:
                    effects += self._on_first_frame(raw)
                case _State.VERIFYING:
                    effects += self._wait(raw)
                case _State.CLOSED:
                    break
        return effects

    def _on_first_frame(self, raw: bytes) -> list[Effect]:
        try:
            message = parse(raw, self._dialect)
        except MessageRejected as rejected:
            return self._close(f"expected an identification first; {rejected}")
        if message.header.function is not Function.IDENTIFICATION:
            function = message.header.function
            return self._close(f"expected an identification first, got {function}")
        return self._on_identification(message)

    def _wait(self, raw: bytes) -> list[Effect]:
        if len(self._waiting) >= WAITING_FRAMES_MAX:
            return self._close(f"expected at most {WAITING_FRAMES_MAX} messages before the answer")
        self._waiting.append(raw)
        return []

    def _on_frame(self, raw: bytes) -> list[Effect]:
        try:
            message = parse(raw, self._dialect)
        except MessageRejected as rejected:
            return [self._keep_malformed(raw, rejected)]
        header = message.header
        if not self._is_same_device(header):
            return self._close(f"expected one device, got {header.flag} {header.serial_number} too")
        match header.function:
            case Function.HEARTBEAT:
                return self._on_heartbeat(message)
            case Function.ACK:
                return self._on_ack(message)
            case Function.IDENTIFICATION:
                return self._on_identification(message)
            case _:
                return [self._keep(raw, message)]

    def _on_identification(self, message: Message) -> list[Effect]:
        """Ask the caller to check it; a repeated one too, and no store: it holds the token."""
        header, facts = message.header, message.response
        self._state = _State.VERIFYING
        self._identification = header
        self._sender = build.Sender.of(header, message.dialect)
        return [
            Identify(
                flag=header.flag,
                serial=header.serial_number,
                token=message.token,
                facts=facts if isinstance(facts, Mapping) else {},
            )
        ]

    def _on_heartbeat(self, message: Message) -> list[Effect]:
        answer = Reply(self._ack(message.header.reference_id))
        shown = device_at(message)
        return [answer] if shown is None else [answer, ClockTold(shown)]

    def _on_ack(self, message: Message) -> list[Effect]:
        reference_id = message.header.reference_id
        if reference_id not in self._expected:
            return []
        self._expected.remove(reference_id)
        failed = failure(message)
        if failed is None:
            return [Acknowledged(reference_id, accepted=True)]
        return [Acknowledged(reference_id, False, failed.code, failed.description)]

    def _keep(self, raw: bytes, message: Message) -> Store:
        header, is_numbered = message.header, message.dialect.packet is not None
        frame = RawFrame.of(
            function=header.function,
            reference_id=header.reference_id,
            packet=header.packet if is_numbered else self._place_in_stream(header),
            last=header.last,
            body=raw,
        )
        return Store(frame, self._ack(header.reference_id) if header.last else None)

    def _keep_malformed(self, raw: bytes, rejected: MessageRejected) -> Store:
        reference_id = rejected.reference_id
        frame = RawFrame.of(function=Function.UNKNOWN, reference_id=reference_id or "", body=raw)
        if reference_id is None or rejected.is_ack or self._sender is None:
            return Store(frame, None)
        answer = build.failing_ack(
            self._sender,
            reference_id=reference_id,
            code=build.FAIL_MALFORMED,
            description=str(rejected),
        )
        return Store(frame, answer)

    def _place_in_stream(self, header: Header) -> int:
        """Return a fragment's number in a dialect that has none: the order of arrival, from 0."""
        place = self._streams.pop(header.reference_id, 0)
        if not header.last:
            if len(self._streams) >= STREAMS_MAX:
                # The oldest is the likeliest to have been given up by the collector.
                del self._streams[next(iter(self._streams))]
            self._streams[header.reference_id] = place + 1
        return place

    def _ack(self, reference_id: str) -> bytes:
        if self._sender is None:
            raise RuntimeError("acks are sent to identified collectors only")
        return build.ack(self._sender, reference_id=reference_id)

    def _is_same_device(self, header: Header) -> bool:
        known = self._identification
        return known is not None and (known.flag, known.serial_number) == (
            header.flag,
            header.serial_number,
        )

    def _give_up(self, rejected: FrameRejected) -> list[Effect]:
        """Close, after keeping what had come of the frame if we know whose it is."""
        if self._state is _State.CLOSED:
            return []
        kept: list[Effect] = []
        if self._state is _State.IDENTIFIED and rejected.held:
            frame = RawFrame.of(function=Function.UNKNOWN, reference_id="", body=rejected.held)
            kept.append(Store(frame, None))
        return [*kept, *self._close(str(rejected))]

    def _close(self, reason: str) -> list[Effect]:
        self._state = _State.CLOSED
        self._waiting.clear()
        return [Close(reason)]

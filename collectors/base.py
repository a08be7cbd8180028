"""What every driver offers, whatever its devices speak.

A driver translates and does nothing else: retries, time-outs, schedules and storage are the
caller's. It has three duties: sessions that the caller opens (Session), a push side without
sockets for what devices send unasked (PushSide), and a pure decoder of stored bytes (Decoder).
"""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from collectors.orders import Endpoint, Execution, Identity, Order, ReadRequest

# Sessions: the caller dials


class Session(Protocol):
    """An open conversation with one device; one at a time per device."""

    async def identify(self) -> Identity:
        """Return who is at the other end.

        :raises DriverFault: one of its kinds
        """
        ...

    def read(self, request: ReadRequest) -> AsyncIterator["RawFrame"]:
        """Yield what the device answers, as it comes and undecoded, so that it can be stored.

        :raises DriverFault: one of its kinds; the frames yielded before it stay good
        """
        ...

    async def execute(self, order: Order) -> Execution:
        """Tell the device to do something, once. A missing answer is UNKNOWN and no fault.

        :raises EndpointUnreachable: the order was not sent
        """
        ...

    async def close(self) -> None:
        """End the session politely if that is possible; never raises, may be called twice."""
        ...


class Driver(Protocol):
    async def connect(self, endpoint: Endpoint) -> Session:
        """Open a session.

        :raises EndpointUnreachable: nobody answered
        :raises AccessRefused: the secret was refused
        """
        ...


# Pushes: the device dials


@dataclass(frozen=True, slots=True)
class RawFrame:
    """One frame as the device delivered it, to be stored before it is acknowledged.

    function: what it is about, in the driver's words.
    reference_id, packet: the device's key of the message, and the fragment's number in it.
    last: whether it ends its message.
    body: the bytes as delivered.
    digest: what a resend is recognised by; see `frame_digest`.
    """

    function: str
    reference_id: str
    packet: int
    last: bool
    body: bytes
    digest: bytes = field(repr=False)

    @classmethod
    def of(
        cls, *, function: str, reference_id: str, body: bytes, packet: int = 0, last: bool = True
    ) -> "RawFrame":
        digest = frame_digest(
            function=function, reference_id=reference_id, packet=packet, body=body
        )
        return cls(function, reference_id, packet, last, body, digest)


def frame_digest(*, function: str, reference_id: str, packet: int, body: bytes) -> bytes:
    """Return the SHA-256 of all four: equal for a frame and its resends only."""
    head = f"{function}\0{reference_id}\0{packet}\0".encode()
    return hashlib.sha256(head + body).digest()


@dataclass(frozen=True, slots=True)
class Identify:
    """The device says who it is. Check it, then tell the session by `identified`.

    token: what it proves itself with; None if it sent none.
    facts: what else it said of itself, in its own words.
    """

    flag: str
    serial: str
    token: str | None = field(repr=False)
    facts: Mapping[str, Any] = field(default_factory=dict)


class Store(NamedTuple):
    """Store the frame and commit; only then send `ack`, if there is one."""

    frame: RawFrame
    ack: bytes | None


@dataclass(frozen=True, slots=True)
class Reply:
    """Send at once."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The device answered a request that was announced by `expect`.

    fail_code: None when it accepted; else the device's own code.
    """

    reference_id: str
    accepted: bool
    fail_code: int | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class ClockTold:
    """The device said what its own clock shows: aware, or in its local time."""

    device_at: datetime


@dataclass(frozen=True, slots=True)
class Close:
    """Carry out the effects before this one, then close the connection."""

    reason: str


Effect = Identify | Store | Reply | Acknowledged | ClockTold | Close


class PushSide(Protocol):
    """One connection that a device opened; no sockets in here. Effects are in order."""

    def feed(self, data: bytes) -> list[Effect]:
        """Take bytes as they come, in chunks of any size, and say what to do."""
        ...

    def identified(self, *, ok: bool) -> list[Effect]:
        """Answer the last Identify: whether the device is who it says."""
        ...

    def expect(self, reference_id: str) -> None:
        """Announce a request that is about to be sent, so that its ack becomes an effect."""
        ...


# Decoding: from the store, again and again


class DecodedFrame(NamedTuple):
    """What one delivered message says of one meter.

    meter_serial: None when only the readout itself names the meter.
    readout: the meter's own bytes, for the codec of its protocol.
    collector_at: the collector's clock; aware if it gave an offset, else in its local time.
    """

    meter_serial: str | None
    readout: bytes
    collector_at: datetime | None


@dataclass(frozen=True, slots=True)
class Undecodable:
    """The frames stay in review with this reason."""

    reason: str


class Decoder(Protocol):
    """A pure function of stored bytes: the same frames give the same result at any time."""

    def __call__(self, frames: Sequence[bytes], /) -> DecodedFrame | Undecodable: ...

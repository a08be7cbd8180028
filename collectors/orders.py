"""What a session is asked for and how that can end; who offers sessions is in base.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Any


class DriverFault(Exception):
    """A session could not do what was asked.

    can_retry: whether the same request may succeed later; if not, a person must act first.
    """

    can_retry = True


class EndpointUnreachable(DriverFault):
    """No connection came about; nothing was sent."""


class EndpointSilent(DriverFault):
    """No answer came in time; what was asked may or may not have happened."""


class AnswerMalformed(DriverFault):
    """The answer breaks the protocol; what was asked may or may not have happened."""


class AccessRefused(DriverFault):
    """The device refused the password or key. Never retried: three wrong ones lock a meter."""

    can_retry = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a device listens.

    secret: its password or key; never logged.
    """

    host: str
    port: int
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answered.

    facts: what else it said of itself (brand, model, firmware …), in its own words.
    """

    flag: str
    serial: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class ReadKind(StrEnum):
    READOUT = auto()
    PROFILE = auto()
    EVENTS = auto()
    RELAY = auto()


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What to read from one meter.

    since, until: aware; the half-open range of a PROFILE or EVENTS, ignored by the others.
    """

    meter_serial: str
    kind: ReadKind
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SwitchRelay:
    meter_serial: str
    connected: bool


@dataclass(frozen=True, slots=True)
class SetClock:
    """at: aware; what the clock is to show when the command arrives."""

    meter_serial: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SetReadingPeriod:
    """How often an RF module reads its meters; never the meter's own capture period.

    Writing the meter's capture period erases its load profile.
    """

    module_serial: str
    period: timedelta


Order = SwitchRelay | SetClock | SetReadingPeriod


class Outcome(StrEnum):
    """How far an order got.

    ACCEPTED: the device will act; DONE: it says that it has. Neither is a proof: relays are read.
    UNKNOWN: no clear answer; the state is read back, and the order is never blindly resent.
    """

    ACCEPTED = auto()
    DONE = auto()
    REFUSED = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Execution:
    """detail: the device's own words or codes, for people."""

    outcome: Outcome
    detail: str | None = None

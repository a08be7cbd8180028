"""From the stored frames of one message to what a meter's readout says. Pure, re-runnable."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from collectors.base import DecodedFrame, Undecodable
from collectors.drivers.mass.decode import decode as decode_mass
from collectors.protocols.iec62056_21 import profiles
from collectors.protocols.iec62056_21.checksums import Checksum
from collectors.protocols.iec62056_21.clock import MeterClock, Season
from collectors.protocols.iec62056_21.profiles import Profile, read_profile
from collectors.protocols.iec62056_21.readout import parse_readout
from collectors.protocols.iec62056_21.registers import (
    Decoded,
    Period,
    Register,
    billing_index_wh,
    decode,
)
from collectors.protocols.mass.dialects import Function
from db.enums import MatchStatus
from domain.frames.queries import PendingFrame
from domain.profiles.rules import Block, Channel
from domain.readings.matching import Readout, Signature, StoredPeriod
from domain.readings.rules import MeterTime

CARRIES_READINGS: Final = frozenset({Function.READ, Function.READOUT, Function.PROFILE})
REGISTERS_MAX: Final = 500
# A meter's whole buffer: more than thirty quarter-hourly days of ten channels.
PROFILE_VALUES_MAX: Final = 40_000
SERIAL_CHARS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class NoReadout:
    """Why a frame gives no reading: REJECTED when it should have, IGNORED when it need not."""

    status: MatchStatus
    reason: str
    detail: str


def readout_of(frame: PendingFrame) -> Readout | NoReadout:
    """Return what a frame says of a meter, or why it says nothing. Never raises on any bytes."""
    if frame.function not in CARRIES_READINGS:
        if frame.function == Function.UNKNOWN:
            return NoReadout(MatchStatus.REJECTED, "UNKNOWN_FUNCTION", "no such message is known")
        return NoReadout(
            MatchStatus.IGNORED, "NO_READINGS", f"messages of {frame.function} carry no readings"
        )
    message = decode_mass(frame.bodies)
    if isinstance(message, Undecodable):
        return NoReadout(MatchStatus.REJECTED, "UNDECODABLE", message.reason)
    text = parse_readout(message.readout)
    if text.checksum is Checksum.WRONG:
        return NoReadout(
            MatchStatus.REJECTED, "WRONG_CHECKSUM", "the readout's check value does not fit it"
        )
    return _readout(frame, message, decode(text), read_profile(text))


def _readout(
    frame: PendingFrame, message: DecodedFrame, decoded: Decoded, profile: Profile
) -> Readout | NoReadout:
    serial = message.meter_serial or decoded.serial
    if serial is None:
        return NoReadout(MatchStatus.REJECTED, "NO_SERIAL", "neither message nor readout names one")
    if not serial.isprintable() or len(serial) > SERIAL_CHARS_MAX:
        return NoReadout(
            MatchStatus.REJECTED,
            "BAD_SERIAL",
            f"at most {SERIAL_CHARS_MAX} printable characters expected in the meter's serial",
        )
    if sum(len(block.rows) * len(block.channels) for block in profile.blocks) > PROFILE_VALUES_MAX:
        return NoReadout(
            MatchStatus.REJECTED,
            "PROFILE_TOO_LONG",
            f"at most {PROFILE_VALUES_MAX} values of a load profile expected",
        )
    has_registers = decoded.registers or decoded.periods
    if profile.problems and not profile.blocks and not has_registers:
        return NoReadout(MatchStatus.REJECTED, "NO_PROFILE", "; ".join(profile.problems))
    most = max([len(decoded.registers), *(len(one.registers) for one in decoded.periods)])
    if not (profile.blocks or has_registers) or most > REGISTERS_MAX:
        return NoReadout(
            MatchStatus.REJECTED,
            "NO_REGISTERS",
            f"1 to {REGISTERS_MAX} registers expected, got {most};"
            f" {len(decoded.skipped)} data sets skipped",
        )
    return Readout(
        company_id=frame.company_id,
        collector_id=frame.collector_id,
        frame_id=frame.frame_id,
        received_at=frame.received_at,
        meter_serial=serial,
        meter_time=_meter_time(decoded.meter_clock),
        collector_at=message.collector_at,
        signature=_signature(decoded.registers),
        values=[register.value for register in decoded.registers],
        raw_index_wh=billing_index_wh(decoded.registers),
        profile=tuple(map(_block, profile.blocks)),
        periods=[_period(period) for period in decoded.periods],
    )


def _signature(registers: Sequence[Register]) -> Signature:
    return tuple([(r.obis, r.scaler, r.unit) for r in registers])


def _period(period: Period) -> StoredPeriod:
    return StoredPeriod(
        ended=_time_of(period.ended),
        signature=_signature(period.registers),
        values=[register.value for register in period.registers],
        raw_index_wh=billing_index_wh(period.registers),
    )


def _block(block: profiles.Block) -> Block:
    return Block(
        first_ends=_time_of(block.first_ends),
        period=timedelta(minutes=block.period_minutes),
        status=block.status,
        channels=[Channel(*channel) for channel in block.channels],
        rows=block.rows,
    )


def _meter_time(clock: MeterClock | None) -> MeterTime | None:
    return None if clock is None else _time_of(clock)


def _time_of(clock: MeterClock) -> MeterTime:
    return MeterTime(clock.local, None if clock.season is None else clock.season is Season.SUMMER)

"""From the stored frames of one message to what a meter's readout says. Pure, re-runnable."""

from dataclasses import dataclass
from typing import Final

from collectors.base import DecodedFrame, Undecodable
from collectors.drivers.mass.decode import decode as decode_mass
from collectors.protocols.iec62056_21.checksums import Checksum
from collectors.protocols.iec62056_21.clock import MeterClock, Season
from collectors.protocols.iec62056_21.readout import parse_readout
from collectors.protocols.iec62056_21.registers import Decoded, billing_index_wh, decode
from collectors.protocols.mass.dialects import Function
from db.enums import MatchStatus
from domain.frames.queries import PendingFrame
from domain.readings.matching import Readout
from domain.readings.rules import MeterTime

CARRIES_READINGS: Final = frozenset({Function.READ, Function.READOUT})
REGISTERS_MAX: Final = 500
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
    return _readout(frame, message, decode(text))


def _readout(frame: PendingFrame, message: DecodedFrame, decoded: Decoded) -> Readout | NoReadout:
    serial = message.meter_serial or decoded.serial
    if serial is None:
        return NoReadout(MatchStatus.REJECTED, "NO_SERIAL", "neither message nor readout names one")
    if not serial.isprintable() or len(serial) > SERIAL_CHARS_MAX:
        return NoReadout(
            MatchStatus.REJECTED,
            "BAD_SERIAL",
            f"at most {SERIAL_CHARS_MAX} printable characters expected in the meter's serial",
        )
    if not 0 < len(decoded.registers) <= REGISTERS_MAX:
        return NoReadout(
            MatchStatus.REJECTED,
            "NO_REGISTERS",
            f"1 to {REGISTERS_MAX} registers expected, got {len(decoded.registers)};"
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
        signature=tuple([(r.obis, r.scaler, r.unit) for r in decoded.registers]),
        values=[register.value for register in decoded.registers],
        raw_index_wh=billing_index_wh(decoded.registers),
    )


def _meter_time(clock: MeterClock | None) -> MeterTime | None:
    if clock is None:
        return None
    return MeterTime(clock.local, None if clock.season is None else clock.season is Season.SUMMER)

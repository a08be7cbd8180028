"""Turns the data sets of a readout into what is stored: registers, serial, clock, error flags.

Pure and re-runnable. Billing by several tariff registers, profiles and events are not here.
"""

from collections.abc import Sequence
from typing import NamedTuple

from collectors.protocols.iec62056_21.clock import MeterClock
from collectors.protocols.iec62056_21.itself import clock_of, error_flags_of, serial_of
from collectors.protocols.iec62056_21.obis import (
    Fact,
    Scale,
    Skipped,
    SkipReason,
    is_heat_meter,
    natural_order,
    plan,
)
from collectors.protocols.iec62056_21.readout import DataSet, Readout

BILLING_REGISTER = "1.8.0"
BILLING_UNIT = "Wh"
# A value and its time.
DATED_VALUES = 2
_MAX_FIGURES = 32
_INT8_MIN, _INT8_MAX = -(2**63), 2**63 - 1


class Register(NamedTuple):
    """A current value as a scaled integer: the quantity is value · 10^scaler in `unit`.

    value: None when the meter prints the register empty.
    scaler: 0 or below. Energies and powers have 0 up to three decimals of the kilo-unit, so that
        printing fewer decimals does not change the register set; finer ones have -1, -2 …
    unit: Wh, varh, VAh, W, var, VA, V, A, Hz; any other as printed, "" for a power factor.
    digits: integer digits printed, for telling rollovers: of energies and powers in the kilo-unit
        (6 for "001581.123*kWh", 7 for "0029.055*MWh"), of others as printed; None when unknown.
    """

    obis: str
    value: int | None
    scaler: int
    unit: str
    digits: int | None


class Decoded(NamedTuple):
    """What a readout says; every data set is in one of the fields.

    registers: in the natural order of their codes. The tuple of (obis, scaler, unit) identifies
        the register set.
    """

    serial: str | None
    meter_clock: MeterClock | None
    error_flags: str | None
    registers: tuple[Register, ...]
    skipped: tuple[Skipped, ...]


def decode(readout: Readout) -> Decoded:
    """Return the current values of the meter itself, and of all else why it was skipped.

    Whether the check value was right is the caller's to look at, in `readout.checksum`.
    """
    heat = is_heat_meter(frozenset([data_set.code for data_set in readout.data_sets]))
    registers: dict[str, Register] = {}
    facts: list[tuple[Fact, DataSet]] = []
    skipped: list[Skipped] = []
    for data_set in readout.data_sets:
        code, values = data_set.code, data_set.values
        outcome = plan(data_set.medium, code, data_set.history, values[0].unit, heat)
        if isinstance(outcome, Scale) and _is_register(outcome, len(values)):
            made = _register(code, values[0].text, outcome)
        elif isinstance(outcome, Fact):
            facts.append((outcome, data_set))
            continue
        else:
            made = _skip_reason(values[0].text, outcome)
        if isinstance(made, Register):
            known = registers.setdefault(code, made)
            if known is made:
                continue
            made = SkipReason.REPEATED if known == made else SkipReason.CONFLICTING
        skipped.append(Skipped(code, data_set.history, made))
    return Decoded(
        serial=serial_of([found for fact, found in facts if fact is Fact.SERIAL], skipped),
        meter_clock=clock_of([found for fact, found in facts if fact is Fact.CLOCK], skipped),
        error_flags=error_flags_of([s for fact, s in facts if fact is Fact.ERROR_FLAGS], skipped),
        registers=tuple([registers[code] for code in sorted(registers, key=natural_order)]),
        skipped=tuple(skipped),
    )


def billing_index_wh(registers: Sequence[Register]) -> int | None:
    """Return the total imported energy in whole Wh, rounded down.

    None when the meter does not print it: tariff registers are never added up instead, because
    nothing says that they are all printed.
    """
    for register in registers:
        if register.obis == BILLING_REGISTER and register.unit == BILLING_UNIT:
            return None if register.value is None else register.value // 10**-register.scaler
    return None


def _is_register(scale: Scale, values: int) -> bool:
    """Whether a data set is one value. Of a maximum and its time only the value is kept."""
    return values == 1 or (scale.maximum and values == DATED_VALUES)


def _register(code: str, text: str, scale: Scale) -> Register | SkipReason:
    if not text:
        return Register(code, None, min(scale.exponent, 0), scale.unit, None)
    whole, _, fraction = text.partition(".")
    figures = whole + fraction
    if not figures.isdecimal():
        whole = whole.removeprefix("-")
        if not (whole + fraction).isdecimal():
            return SkipReason.TEXT
    if len(figures) > _MAX_FIGURES:
        return SkipReason.OUT_OF_RANGE
    value = int(figures)
    scaler = scale.exponent - len(fraction)
    if scaler > 0:
        value *= 10**scaler
        scaler = 0
    if not _INT8_MIN <= value <= _INT8_MAX:
        return SkipReason.OUT_OF_RANGE
    digits = len(whole) + scale.digits_shift
    return Register(code, value, scaler, scale.unit, digits if digits > 0 else None)


def _skip_reason(text: str, outcome: Scale | SkipReason) -> SkipReason:
    """Say why a data set is no register: it has several values, or what its address tells."""
    if isinstance(outcome, Scale):
        return SkipReason.DATED_MAXIMUM if outcome.maximum else SkipReason.SEVERAL_VALUES
    if outcome is not SkipReason.NO_UNIT:
        return outcome
    if not text:
        return SkipReason.EMPTY
    return SkipReason.NO_UNIT if text.replace(".", "", 1).isdecimal() else SkipReason.TEXT

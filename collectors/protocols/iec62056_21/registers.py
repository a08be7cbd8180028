"""Turns the data sets of a readout into what is stored: registers, serial, clock, error flags.

Pure and re-runnable. Billing by several tariff registers, profiles and events are not here.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from collectors.protocols.iec62056_21.clock import MeterClock
from collectors.protocols.iec62056_21.history import PERIOD_END, period_ends
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
# The newest period ended with the month that is invoiced next, and the one before it serves those
# who were silent then. What ended earlier still is invoiced, and every readout prints it again.
PERIODS_MAX = 2
_MAX_FIGURES = 32
_INT8_MIN, _INT8_MAX = -(2**63), 2**63 - 1
# The finest of which the database can tell whole units: it divides by a power of ten in an int8.
_SCALER_MIN = -18


class Register(NamedTuple):
    """A value as a scaled integer: the quantity is value · 10^scaler in `unit`.

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


class Period(NamedTuple):
    """What a meter stored at the end of a billing period. number: the meter's own name for it."""

    number: int
    ended: MeterClock
    registers: tuple[Register, ...]


class Decoded(NamedTuple):
    """What a readout says; every data set is in one of the fields.

    registers: in the natural order of their codes. The tuple of (obis, scaler, unit) identifies
        the register set.
    periods: what is stored of dated billing periods, the newest first, PERIODS_MAX at most.
    """

    serial: str | None
    meter_clock: MeterClock | None
    error_flags: str | None
    registers: tuple[Register, ...]
    skipped: tuple[Skipped, ...]
    periods: tuple[Period, ...] = ()


def decode(readout: Readout) -> Decoded:
    """Return current and stored values of the meter itself, and of all else why it was skipped.

    Whether the check value was right is the caller's to look at, in `readout.checksum`.
    """
    heat = is_heat_meter(frozenset([data_set.code for data_set in readout.data_sets]))
    registers: dict[str, Register] = {}
    facts: list[tuple[Fact, DataSet]] = []
    skipped: list[Skipped] = []
    current = [data_set for data_set in readout.data_sets if data_set.history is None]
    for data_set in current:
        code, values = data_set.code, data_set.values
        outcome = plan(data_set.medium, code, None, values[0].unit, heat)
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
        skipped.append(Skipped(code, None, made))
    clock = clock_of([found for fact, found in facts if fact is Fact.CLOCK], skipped)
    periods: tuple[Period, ...] = ()
    if len(current) < len(readout.data_sets):
        stored = [data_set for data_set in readout.data_sets if data_set.history is not None]
        periods = _periods(stored, current, clock, skipped, heat=heat)
    return Decoded(
        serial=serial_of([found for fact, found in facts if fact is Fact.SERIAL], skipped),
        meter_clock=clock,
        error_flags=error_flags_of([s for fact, s in facts if fact is Fact.ERROR_FLAGS], skipped),
        registers=_in_order(registers),
        skipped=tuple(skipped),
        periods=periods,
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


def _in_order(registers: Mapping[str, Register]) -> tuple[Register, ...]:
    return tuple([registers[code] for code in sorted(registers, key=natural_order)])


def _periods(
    stored: Sequence[DataSet],
    current: Sequence[DataSet],
    clock: MeterClock | None,
    skipped: list[Skipped],
    *,
    heat: bool,
) -> tuple[Period, ...]:
    """Return the newest stored periods, and note of all other stored values why they are skipped.

    What is stored without a unit has that of the current value of the same code.
    """
    ends = period_ends(stored, clock)
    units = {(one.medium, one.code): one.values[0].unit for one in current}
    taken: dict[int, dict[str, Register]] = {number: {} for number in islice(ends, PERIODS_MAX)}
    for data_set in stored:
        number, code = data_set.history, data_set.code
        if number not in taken:
            reason = SkipReason.HISTORY if number in ends else SkipReason.UNDATED
            skipped.append(Skipped(code, number, reason))
        elif code != PERIOD_END:
            made = _stored(data_set, units.get((data_set.medium, code)), heat=heat)
            if isinstance(made, Register):
                known = taken[number].setdefault(code, made)
                if known is made:
                    continue
                made = SkipReason.REPEATED if known == made else SkipReason.CONFLICTING
            skipped.append(Skipped(code, number, made))
    return tuple(_filled(taken, ends, skipped))


def _filled(
    taken: Mapping[int, Mapping[str, Register]],
    ends: Mapping[int, MeterClock],
    skipped: list[Skipped],
) -> Iterator[Period]:
    """Yield the periods of which anything is stored."""
    for number, registers in taken.items():
        if any(register.value is not None for register in registers.values()):
            yield Period(number, ends[number], _in_order(registers))
        else:
            skipped.extend(
                Skipped(code, number, SkipReason.EMPTY) for code in (PERIOD_END, *registers)
            )


def _stored(data_set: DataSet, unit: str | None, *, heat: bool) -> Register | SkipReason:
    value = data_set.values[0]
    outcome = plan(data_set.medium, data_set.code, None, value.unit or unit, heat)
    if isinstance(outcome, Scale) and _is_register(outcome, len(data_set.values)):
        return _register(data_set.code, value.text, outcome)
    # The meter's serial, clock and error flags of then are no news.
    return SkipReason.GENERAL if isinstance(outcome, Fact) else _skip_reason(value.text, outcome)


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
    if not _INT8_MIN <= value <= _INT8_MAX or scaler < _SCALER_MIN:
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

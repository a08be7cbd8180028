"""Writes data readouts as meters send them, for the simulator and for tests."""

from collections.abc import Iterator, Sequence
from itertools import chain

from collectors.protocols.iec62056_21.checksums import Checksum, block_check
from collectors.protocols.iec62056_21.clock import DATE, TIME, MeterClock, Season
from collectors.protocols.iec62056_21.history import PERIOD_END
from collectors.protocols.iec62056_21.profiles import PROFILE_CODE
from collectors.protocols.iec62056_21.readout import ETX, STX, DataSet, Readout, Value
from collectors.protocols.iec62056_21.registers import Period, Register

USUAL_DECIMALS = 3
_LINE_END = "\r\n"
_KILO = 3
_SEASONS = {None: "", Season.STANDARD: "0", Season.SUMMER: "1"}
# Units that meters print in thousands; any other unit is printed as it is.
_PRINTED_IN_KILO = {
    "Wh": "kWh", "varh": "kvarh", "VAh": "kVAh", "W": "kW", "var": "kvar", "VA": "kVA",
}  # fmt: skip


def build_readout(
    *,
    serial: str,
    registers: Sequence[Register],
    clock: MeterClock | None = None,
    error_flags: str | None = None,
    identification: str | None = None,
    decimals: int = USUAL_DECIMALS,
    profile: Sequence[DataSet] = (),
    periods: Sequence[Period] = (),
) -> bytes:
    """Return the bytes of a mode C data readout with STX, ETX and BCC.

    registers: written in this order, their integer part filled with zeros up to `digits`.
    decimals: of energies and powers, in the kilo-unit. Finer figures are cut off, not rounded,
        as a meter's display does. Other registers are printed with the decimals of their scaler.
    identification: the line before the readout, without its slash.
    profile: blocks of a load profile, see `profile_set`.
    periods: what is stored of billing periods, each after the end of it.

    :raises ValueError: a text has characters that a readout cannot carry
    """
    data_sets = [_data_set("0.0.0", Value(serial, None))]
    if error_flags is not None:
        data_sets.append(_data_set("F.F", Value(error_flags, None)))
    if clock is not None:
        data_sets.extend(_clock_sets(clock))
    data_sets.extend(
        _data_set(register.obis, printed(register, decimals=decimals)) for register in registers
    )
    for period in periods:
        data_sets.extend(_period_sets(period, decimals))
    data_sets.extend(profile)
    return render(Readout(identification, tuple(data_sets), Checksum.VALID, ()))


def profile_set(
    *,
    first_ends: MeterClock,
    period_minutes: int,
    channels: Sequence[tuple[str, str]],
    rows: Sequence[Sequence[str]],
    status: str = "00",
) -> DataSet:
    """Return a block of a load profile. channels: code and unit. rows: as they are printed."""
    stamp = f"{_SEASONS[first_ends.season]}{first_ends.local:%y%m%d%H%M%S}"
    header = [stamp, status, str(period_minutes), str(len(channels)), *chain(*channels)]
    values = tuple(Value(text, None) for text in chain(header, *rows))
    return DataSet(medium=None, code=PROFILE_CODE, history=None, values=values)


def render(readout: Readout) -> bytes:
    """Return `readout` as bytes with a valid BCC, whatever its checksum and problems say.

    :raises ValueError: a text has characters that a readout cannot carry
    """
    lines = [_line(data_set) for data_set in readout.data_sets]
    data = "".join([*lines, "!", _LINE_END, ETX])
    head = "" if readout.identification is None else f"/{readout.identification}{_LINE_END}"
    block = data.encode("ascii")
    return (head + STX).encode("ascii") + block + bytes((block_check(block),))


def printed(register: Register, *, decimals: int = USUAL_DECIMALS) -> Value:
    """Return a register as a meter prints it: 1581123 Wh with 6 digits as "001581.123", "kWh"."""
    unit = _PRINTED_IN_KILO.get(register.unit)
    if unit is None:
        decimals, shift = -register.scaler, 0
    else:
        shift = decimals - _KILO + register.scaler
    if register.value is None:
        return Value("", None)
    figures = abs(register.value)
    figures = figures * 10**shift if shift >= 0 else figures // 10**-shift
    whole, fraction = divmod(figures, 10**decimals)
    sign = "-" if register.value < 0 else ""
    text = f"{sign}{whole:0{register.digits or 1}d}"
    if decimals:
        text += f".{fraction:0{decimals}d}"
    return Value(text, unit or register.unit or None)


def _data_set(code: str, value: Value) -> DataSet:
    return DataSet(medium=None, code=code, history=None, values=(value,))


def _clock_sets(clock: MeterClock) -> Iterator[DataSet]:
    season = _SEASONS[clock.season]
    yield _data_set(TIME, Value(f"{season}{clock.local:%H%M%S}", None))
    yield _data_set(DATE, Value(f"{season}{clock.local:%y%m%d}", None))


def _period_sets(period: Period, decimals: int) -> Iterator[DataSet]:
    stamp = f"{_SEASONS[period.ended.season]}{period.ended.local:%y%m%d%H%M}"
    told = [(register.obis, printed(register, decimals=decimals)) for register in period.registers]
    for code, value in [(PERIOD_END, Value(stamp, None)), *told]:
        yield DataSet(medium=None, code=code, history=period.number, values=(value,))


def _line(data_set: DataSet) -> str:
    medium = "" if data_set.medium is None else f"{data_set.medium}:"
    history = "" if data_set.history is None else f"*{data_set.history:02d}"
    address = f"{medium}{data_set.code}{history}"
    values = [
        value.text if value.unit is None else f"{value.text}*{value.unit}"
        for value in data_set.values
    ]
    for text in (address, *values):
        if not text.isprintable() or not text.isascii() or "(" in text or ")" in text:
            raise ValueError(f"cannot be carried in a readout: {text!r}")
    return f"{address}({')('.join(values)}){_LINE_END}"

"""Reads the load profile in a readout: blocks of rows, one row an interval, under a header each.

`P.01(stamp)(status)(minutes)(channels)(code)(unit)…` and then the values. The stamp is the end of
the first row's interval. A new block begins wherever the status changes or time jumps.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from collectors.protocols.iec62056_21.clock import STAMP, MeterClock, read_clock
from collectors.protocols.iec62056_21.obis import Scale, plan
from collectors.protocols.iec62056_21.readout import (
    MAX_ADDRESS_CHARS,
    MAX_UNIT_CHARS,
    DataSet,
    Readout,
    Value,
    split_address,
)
from db.enums import ProfileKind

PROFILE_CODE = "P.01"
BLOCKS_MAX = 1_000
CHANNELS_MAX = 32
PERIOD_MINUTES_MAX = 1_440
STATUS_CHARS_MAX = 32
FIGURES_MAX = 18
PROBLEMS_MAX = 16
# A meter's own quantities; what it counts for other devices keeps the medium in its name.
OWN_MEDIA = frozenset({None, "1-0", "1-1"})

_HEADER_VALUES = 4
_MINUTES_PER_HOUR = 60
_THOUSANDTHS = 3
_INT8_MAX = 2**63 - 1
_POWERS = {"W": "Wh", "var": "varh", "VA": "VAh"}
_UNITS = _POWERS | {energy: energy for energy in _POWERS.values()}
_INDEX = "8"
_NUMBER = re.compile(r"(\d+)(?:\.(\d*))?", re.ASCII)


class Channel(NamedTuple):
    """What a column is. obis: "1.5.0", or "1-2:1.29.0" for another medium. unit: Wh, varh, VAh."""

    obis: str
    unit: str
    kind: ProfileKind


class Block(NamedTuple):
    """Consecutive intervals of one length.

    first_ends: when the first one ends, by the meter's clock. rows: a value for each channel, in
    thousandths of its unit; energy of the interval, or the index at its end; None where the meter
    printed none.
    """

    first_ends: MeterClock
    period_minutes: int
    status: str
    channels: tuple[Channel, ...]
    rows: tuple[tuple[int | None, ...], ...]


class Profile(NamedTuple):
    """Blocks as the meter sent them. problems: what was not understood, in short sentences."""

    blocks: tuple[Block, ...]
    problems: tuple[str, ...]


class _NoBlock(Exception):
    """What is wrong with a header, on its way out."""


def read_profile(readout: Readout) -> Profile:
    """Return the load profile in a readout; never raises. Channels that are no energy are left out.

    Power is the mean of its interval, and becomes energy.
    """
    blocks: list[Block] = []
    problems: list[str] = []
    for data_set in readout.data_sets:
        if data_set.code != PROFILE_CODE:
            continue
        if len(blocks) == BLOCKS_MAX:
            problems.append(f"expected at most {BLOCKS_MAX} blocks")
            break
        try:
            blocks.append(_block(data_set, problems))
        except _NoBlock as wrong:
            problems.append(str(wrong))
    return Profile(tuple(blocks), tuple(problems[:PROBLEMS_MAX]))


def _block(data_set: DataSet, problems: list[str]) -> Block:
    texts = [value.text for value in data_set.values]
    if len(texts) < _HEADER_VALUES:
        raise _NoBlock(f"expected a header of {_HEADER_VALUES} values, got {len(texts)}")
    stamp = read_clock({STAMP: texts[0]})
    if stamp is None:
        raise _NoBlock("expected the end of the first interval in the header")
    status, minutes = texts[1], _count(texts[2], PERIOD_MINUTES_MAX, "minutes")
    if len(status) > STATUS_CHARS_MAX:
        raise _NoBlock(f"expected a status of at most {STATUS_CHARS_MAX} characters")
    width = _count(texts[3], CHANNELS_MAX, "channels")
    begins = _HEADER_VALUES + 2 * width
    if len(texts) < begins:
        raise _NoBlock(f"expected a code and a unit for each of {width} channels")
    columns = _columns(texts[_HEADER_VALUES:begins])
    values = data_set.values[begins:]
    if len(values) % width:
        problems.append(f"expected rows of {width} values; the last one is cut off")
    rows = [
        tuple(
            _value(values[place + n], scale, channel.kind, minutes) for n, channel, scale in columns
        )
        for place in range(0, len(values) - width + 1, width)
    ]
    return Block(stamp, minutes, status, tuple(c for _, c, _ in columns), tuple(rows))


def _count(text: str, highest: int, what: str) -> int:
    if (
        text.isdecimal()
        and text.isascii()
        and len(text) <= FIGURES_MAX
        and 0 < int(text) <= highest
    ):
        return int(text)
    raise _NoBlock(f"expected 1 to {highest} {what} in the header")


def _columns(header: Sequence[str]) -> list[tuple[int, Channel, int]]:
    """Return the place, the channel and the power of ten of each column of energy, once each."""
    found: dict[str, tuple[int, Channel, int]] = {}
    for place, (address, unit) in enumerate(zip(header[::2], header[1::2], strict=True)):
        if len(address) > MAX_ADDRESS_CHARS or len(unit) > MAX_UNIT_CHARS:
            continue
        medium, code, history = split_address(address)
        scale = plan(medium, code, history, unit or None, False)
        if isinstance(scale, Scale) and scale.unit in _UNITS:
            groups = [*code.split("."), "0"][:3]
            obis = ".".join(groups)
            if medium not in OWN_MEDIA:
                obis = f"{medium}:{obis}"
            channel = Channel(obis, _UNITS[scale.unit], _kind(scale.unit, groups[1]))
            found.setdefault(obis, (place, channel, scale.exponent))
    return list(found.values())


def _kind(unit: str, processing: str) -> ProfileKind:
    if unit in _POWERS:
        return ProfileKind.POWER
    return ProfileKind.INDEX if processing == _INDEX else ProfileKind.ENERGY


def _value(value: Value, exponent: int, kind: ProfileKind, minutes: int) -> int | None:
    """Return a printed number in thousandths of the unit, rounded half up; None for none."""
    found = _NUMBER.fullmatch(value.text)
    if found is None or len(value.text) > FIGURES_MAX:
        return None
    fraction = found[2] or ""
    top, bottom = int(found[1] + fraction), 1
    power = exponent + _THOUSANDTHS - len(fraction)
    if kind is ProfileKind.POWER:
        top, bottom = top * minutes, _MINUTES_PER_HOUR
    top, bottom = (top * 10**power, bottom) if power >= 0 else (top, bottom * 10**-power)
    made = (2 * top + bottom) // (2 * bottom)
    return made if made <= _INT8_MAX else None

"""Reads the bytes of an IEC 62056-21 data readout or a DSMR telegram into data sets.

What the data sets mean is decided in `registers`, not here. What a readout has dozens of is a named
tuple: it costs a third.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from typing import NamedTuple

from collectors.protocols.iec62056_21.checksums import Checksum, block_check, crc16

MAX_READOUT_BYTES = 256 * 1024
MAX_DATA_SETS = 5_000
# A load profile is one data set: this is more than MAX_READOUT_BYTES of real rows hold.
MAX_VALUES_PER_SET = 32_768
MAX_ADDRESS_CHARS = 64
MAX_UNIT_CHARS = 16
MAX_PROBLEMS = 16
_MAX_QUOTED_CHARS = 24
_CACHED_ADDRESSES = 4_096

STX = "\x02"
ETX = "\x03"
_CURRENT_PERIOD = 255
# NUL and DEL fill idle lines; with its parity bit a released line reads as 0xFF.
_FILLERS = "\r\n\t \x00\x7f"
_WITHOUT_PARITY = bytes(byte & 0x7F for byte in range(256))

# Possessive quantifiers never look back, and every character but a trailing filler begins a token:
# so the patterns take linear time on any text.
_TOKEN = re.compile(
    r"[\r\n\t \x00\x7f]*+(?:"
    rf"([^()\x00-\x1f\x7f]{{1,{MAX_ADDRESS_CHARS}}}+)"  # the address
    r"\(([^()\x00-\x1f\x7f]*+)\)"  # the first value
    r"((?:[\r\n\t \x00\x7f]*+\([^()\x00-\x1f\x7f]*+\))*+)"  # further ones, on later lines too
    r"|([^()\x00-\x1f\x7f]++[()]?+|[()\x00-\x1f]))"  # stray text
)
_VALUE = re.compile(r"\(([^)]*+)\)")
_ADDRESS = re.compile(r"(?:(\d{1,3}-\d{1,3}):)?([^*&]+)(?:[*&](\d{1,3}))?")
_IDENTIFICATION = re.compile(r"/([A-Za-z]{3}[ -~]{0,61})")
_ECHO = re.compile(r"(?:[\r\n\t \x00\x7f]++|\x06[^\r\n]*+|/\?[^\r\n]*+)*+")
_CRC = re.compile(r"[0-9A-Fa-f]{4}(?![^\r\n\t \x00\x7f])")


class Value(NamedTuple):
    """One pair of brackets. `&`-joined values stay one text, without a unit."""

    text: str
    unit: str | None


class DataSet(NamedTuple):
    """An address and its values, at least one.

    medium: "1-0" (medium and channel), None when the address names none.
    code: the short OBIS code, "1.8.0", the same for "1.8.0", "1-0:1.8.0" and "1-0:1.8.0*255".
    history: number of a stored billing period ("*01" and "&01" are 1), None for the current value.
    values: those of unaddressed sets that follow included.
    """

    medium: str | None
    code: str
    history: int | None
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Readout:
    """What was understood of the bytes.

    identification: the identification line without its slash, "LGF5E360".
    problems: what was not understood, at most MAX_PROBLEMS short sentences. Echoed requests, blank
        lines and filler bytes are no problems.
    """

    identification: str | None
    data_sets: tuple[DataSet, ...]
    checksum: Checksum
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where things are; offsets are the same in the raw bytes and in the text."""

    identification: str | None
    start: int
    end: int
    checksum: Checksum
    problems: tuple[str, ...]


def parse_readout(raw: bytes) -> Readout:
    """Return all that can be understood of `raw`; never raises, and takes linear time.

    Bit 7 of every byte is dropped (the alphabet is ASCII and gateways leave the parity in), the
    check value is computed without it. A wrong check value does not hide the data sets: whether
    to trust them is the caller's choice.
    """
    if len(raw) > MAX_READOUT_BYTES:
        problem = f"offset {MAX_READOUT_BYTES}: expected the readout to end here at the latest"
        return Readout(None, (), Checksum.ABSENT, (problem,))
    seven_bits = raw if raw.isascii() else raw.translate(_WITHOUT_PARITY)
    text = seven_bits.decode("ascii")
    stx = text.find(STX)
    frame = _framed(seven_bits, text, stx) if stx >= 0 else _unframed(seven_bits, text)
    data = text[: frame.end].rstrip(_FILLERS)
    data_sets, whole = _data_sets(data, frame.start)
    problems = frame.problems
    if not whole:
        problems = tuple(islice(chain(problems, _strays(data, frame.start)), MAX_PROBLEMS))
    return Readout(frame.identification, data_sets, frame.checksum, problems)


def _framed(seven_bits: bytes, text: str, stx: int) -> _Frame:
    """Find the parts of a readout between STX and ETX."""
    problems: list[str] = []
    identification, head = _identified(text[:stx])
    if head:
        problems.append(_problem(0, "an identification line or STX", head))
    etx = text.find(ETX, stx)
    if etx < 0:
        problems.append(_problem(len(text), "ETX", ""))
        end = _end_of_data(text, stx + 1, len(text))
        return _Frame(identification, stx + 1, end, Checksum.ABSENT, tuple(problems))
    end = _end_of_data(text, stx + 1, etx)
    if tail := text[end + 1 : etx].strip(_FILLERS):
        problems.append(_problem(end + 1, "ETX", tail))
    if tail := text[etx + 2 :].strip(_FILLERS):
        problems.append(_problem(etx + 2, "the end", tail))
    checksum = _bcc_checksum(seven_bits, stx, etx)
    return _Frame(identification, stx + 1, end, checksum, tuple(problems))


def _unframed(seven_bits: bytes, text: str) -> _Frame:
    """Find the parts of a telegram from `/` to `!` and its CRC, or of bare data sets."""
    problems: list[str] = []
    opening = text.find("(")
    found = _IDENTIFICATION.search(text, 0, opening if opening >= 0 else len(text))
    if found:
        identification, start = found[1].rstrip(), found.end()
        if head := _identified(text[: found.start()])[1]:
            problems.append(_problem(0, "an identification line", head))
    else:
        echo = _ECHO.match(text)
        identification, start = None, echo.end() if echo else 0
    end = _end_of_data(text, start, len(text))
    if found and end == len(text):
        problems.append(_problem(end, "!", ""))
    crc = _CRC.match(text, end + 1)
    checksum = Checksum.ABSENT
    if crc:
        # A telegram that has lost its first line cannot be right.
        computed = crc16(seven_bits[found.start() : end + 1]) if found else -1
        checksum = Checksum.VALID if int(crc[0], 16) == computed else Checksum.WRONG
    tail_start = crc.end() if crc else end + 1
    if tail := text[tail_start:].strip(_FILLERS):
        problems.append(_problem(tail_start, "the end", tail))
    return _Frame(identification, start, end, checksum, tuple(problems))


def _identified(head: str) -> tuple[str | None, str]:
    """Return the identification in `head`, and what else stands there and is no echo."""
    if not head:
        return None, ""
    found = _IDENTIFICATION.search(head)
    if found is None:
        return None, _unechoed(head)
    rest = _unechoed(head[: found.start()]) + _unechoed(head[found.end() :])
    return found[1].rstrip(), rest


def _unechoed(text: str) -> str:
    echo = _ECHO.match(text)
    return text[echo.end() :] if echo else text


def _end_of_data(text: str, start: int, end: int) -> int:
    """Return the offset of the `!` that ends the data, or `end`.

    It follows a bracket or begins a line; any other `!` is part of a text.
    """
    mark = text.find("!", start, end)
    while mark >= 0:
        if mark == start or text[mark - 1] in ")\r\n":
            return mark
        mark = text.find("!", mark + 1, end)
    return end


def _bcc_checksum(seven_bits: bytes, stx: int, etx: int) -> Checksum:
    tail = seven_bits[etx + 1 :]
    if not tail:
        return Checksum.ABSENT
    if tail[0] == block_check(seven_bits[stx + 1 : etx + 1]):
        return Checksum.VALID
    # Some gateways cut the BCC off and end the line instead.
    return Checksum.ABSENT if tail == b"\r\n" else Checksum.WRONG


def _data_sets(data: str, start: int) -> tuple[tuple[DataSet, ...], bool]:
    """Return the data sets, and whether they are all that stands there."""
    data_sets: list[DataSet] = []
    whole = True
    for address, first, rest, stray in _TOKEN.findall(data, start):
        if stray:
            whole = False
            continue
        if len(data_sets) == MAX_DATA_SETS:
            return tuple(data_sets), False
        medium, code, history = split_address(address)
        values: tuple[Value, ...] = (_value(first),)
        if rest:
            further = _VALUE.findall(rest)
            whole = whole and len(further) < MAX_VALUES_PER_SET
            values += tuple(map(_value, further[: MAX_VALUES_PER_SET - 1]))
        data_sets.append(DataSet(medium, code, history, values))
    return tuple(data_sets), whole


def _value(content: str) -> Value:
    text, star, unit = content.rpartition("*")
    if not star or "&" in content or len(unit) > MAX_UNIT_CHARS:
        return Value(content, None)
    return Value(text, unit or None)


@lru_cache(_CACHED_ADDRESSES)
def split_address(address: str) -> tuple[str | None, str, int | None]:
    """Return medium, code and history; an address of no known form is all code."""
    address = address.strip()
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return None, address, None
    history = None if found[3] is None else int(found[3])
    return found[1], found[2], None if history == _CURRENT_PERIOD else history


def _strays(data: str, start: int) -> Iterator[str]:
    """Say where something else than whole data sets stands."""
    count = 0
    for token in _TOKEN.finditer(data, start):
        address, _, rest, stray = token.groups()
        if stray:
            yield _problem(token.start(4), "a data set", stray)
        elif count == MAX_DATA_SETS:
            yield _problem(token.start(1), f"at most {MAX_DATA_SETS} data sets", address)
            return
        else:
            count += 1
            if rest.count("(") >= MAX_VALUES_PER_SET:
                yield _problem(token.start(3), f"at most {MAX_VALUES_PER_SET} values", address)


def _problem(offset: int, expected: str, got: str) -> str:
    found = repr(got[:_MAX_QUOTED_CHARS]) if got else "nothing"
    return f"offset {offset}: expected {expected}, got {found}"

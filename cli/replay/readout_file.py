"""A readout in a file: what its meter says, by the codec that the gateway's readouts go through."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Final

from cli.endings import Refused
from collectors.protocols.iec62056_21.clock import Season
from collectors.protocols.iec62056_21.readout import MAX_READOUT_BYTES, Readout, parse_readout
from collectors.protocols.iec62056_21.registers import BILLING_REGISTER, Decoded, decode
from domain.readings.rules import MeterTime, utc_of

FILES_MAX: Final = 100_000
SERIAL_CHARS_MAX: Final = 64
DIGITS_DEFAULT: Final = 6
DIGITS_MIN: Final = 4
DIGITS_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class ReadoutFile:
    """raw: the file as it is, which is what the meter gave. problem: why it is not even sent."""

    path: Path
    raw: bytes
    readout: Readout
    decoded: Decoded
    problem: str | None = None

    @classmethod
    def read(cls, path: Path) -> "ReadoutFile":
        """Return the file with what it says; one that cannot be read says nothing."""
        try:
            with path.open("rb") as file:
                raw = file.read(MAX_READOUT_BYTES + 1)
        except OSError as error:
            return cls._of(path, b"", f"it cannot be read: {error.strerror}")
        if not raw:
            return cls._of(path, raw, "it is empty")
        if len(raw) > MAX_READOUT_BYTES:
            return cls._of(path, b"", f"it is longer than {MAX_READOUT_BYTES} bytes")
        return cls._of(path, raw, None)

    @classmethod
    def _of(cls, path: Path, raw: bytes, problem: str | None) -> "ReadoutFile":
        readout = parse_readout(raw)
        return cls(path, raw, readout, decode(readout), problem)

    def taken_at(self, zone: tzinfo) -> datetime | None:
        """Return when the meter says that it was read (UTC), if it does."""
        clock = self.decoded.meter_clock
        if clock is None:
            return None
        is_summer = None if clock.season is None else clock.season is Season.SUMMER
        return utc_of(MeterTime(clock.local, is_summer), zone)

    @property
    def derived_serial(self) -> tuple[str, str]:
        """Return a serial for a meter that does not say its own, and what it is made of."""
        if self.readout.identification:
            text, source = self.readout.identification, "derived from the identification"
        else:
            text, source = self.path.stem, "derived from the file's name"
        printable = "".join(c for c in text if c.isascii() and c.isprintable())
        return printable[:SERIAL_CHARS_MAX].strip() or "UNNAMED", source

    @property
    def register_digits(self) -> int:
        """Return the whole kWh digits of the total register, as far as it shows them."""
        shown = [
            register.digits
            for register in self.decoded.registers
            if register.obis == BILLING_REGISTER and register.digits
        ]
        return min(max(shown[0], DIGITS_MIN), DIGITS_MAX) if shown else DIGITS_DEFAULT


def files_at(paths: Sequence[Path]) -> list[Path]:
    """Return the files, and those right in the folders, by name; hidden ones are left out.

    :raises Refused: nothing is there, or too much
    """
    found = [file for path in paths for file in _files(path)]
    if not found:
        raise Refused("There are no files there.")
    if len(found) > FILES_MAX:
        raise Refused(f"There are {len(found)} files; at most {FILES_MAX} are taken at once.")
    return found


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        inside = (file for file in path.iterdir() if file.is_file())
        yield from sorted(file for file in inside if not file.name.startswith("."))
    elif path.exists():
        yield path
    else:
        raise Refused(f"There is nothing at {path}.")

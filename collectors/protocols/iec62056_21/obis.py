"""What the address of a data set says: its part in the readout, and the unit of its quantity.

The rules are for electricity, and for heat meters that print their own short codes ("6.8").
"""

import re
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import lru_cache
from typing import NamedTuple

from collectors.protocols.iec62056_21.clock import CLOCK_CODES

DSMR_GENERAL_MEDIUM = "0-0"
EQUIPMENT_CODES = frozenset({"96.1.0", "96.1.1"})
# The best first. The last two are a heat meter's and mean something else in electricity.
SERIAL_CODES = ("0.0.0", "C.1.0", "96.1.1", "96.1.0", "0.0", "9.21")
_HEAT_SERIAL_CODES = frozenset({"0.0", "9.21"})
_ERROR_CODES = frozenset({"F.F", "F.F.0", "97.97.0", "F"})
_HEAT_ENERGY_CODE = "6.8"
_HEAT_GROUP = 6
_ELECTRIC_ENERGY = ("1.8", "2.8")
_GENERAL_GROUPS = frozenset({0, *range(96, 256)})
_PROFILE = re.compile(r"[PL]\.|9[89]\.")
_GENERAL = re.compile(r"[CF](\.\w+){0,2}", re.ASCII)
_NUMBER = r"(0|[1-9][0-9]{0,2})"
_NUMERIC = re.compile(rf"{_NUMBER}\.{_NUMBER}(?:\.{_NUMBER})?")
_MAXIMUM = 6
_INDEX = 8
_CACHED_PLANS = 4_096

_PREFIXES = {"": 0, "k": 3, "m": 6, "g": 9}
_KILO = 3
_OTHER_UNITS = {"kV": ("V", 3), "mV": ("V", -3), "kA": ("A", 3), "mA": ("A", -3)}
_POWERS = {"wh": "Wh", "varh": "varh", "vah": "VAh", "w": "W", "var": "var", "va": "VA"}


class SkipReason(Enum):
    """Why a data set gives no register; the value is the sentence to show."""

    HISTORY = "It is a stored value of an earlier billing period."
    UNDATED = "It is a stored value of a billing period whose end is not known."
    OTHER_MEDIUM = "It belongs to another medium or to a device behind the meter."
    PROFILE = "It is a load profile, a list or an event log."
    GENERAL = "It describes the meter and measures nothing."
    NOT_OBIS = "Its address is no OBIS code."
    DATED_MAXIMUM = "It is a maximum with more than its own time."
    SEVERAL_VALUES = "It has several values."
    TEXT = "Its value is no number."
    EMPTY = "It is empty, and its code does not tell a unit."
    NO_UNIT = "It has no unit, and its code does not tell one."
    OUT_OF_RANGE = "Its value, or one over its finest step, does not fit a signed 64-bit integer."
    TOO_LONG = "It is too long for an identifier."
    REPEATED = "An earlier data set says the same."
    CONFLICTING = "An earlier data set of the same code says something else."
    SUPERSEDED = "Another data set is the better source of this fact."
    UNREADABLE_CLOCK = "The clock is incomplete, ambiguous or impossible."

    @property
    def sentence(self) -> str:
        return self.value


class Skipped(NamedTuple):
    """A data set that gave nothing."""

    code: str
    history: int | None
    reason: SkipReason


class Fact(StrEnum):
    """What a data set may say of the meter itself."""

    SERIAL = "SERIAL"
    CLOCK = "CLOCK"
    ERROR_FLAGS = "ERROR_FLAGS"


@dataclass(frozen=True, slots=True)
class Scale:
    """How a printed number becomes an integer of a base unit.

    exponent: printed unit = 10^exponent base units.
    digits_shift: integer digits to add to those printed, to count them in the kilo-unit
        (kWh, kvarh, kW); 0 for units that are printed as they are.
    maximum: whether further values are the time of this one.
    """

    unit: str
    exponent: int
    digits_shift: int
    maximum: bool


@lru_cache(_CACHED_PLANS)
def plan(
    medium: str | None, code: str, history: int | None, unit: str | None, heat: bool
) -> Scale | Fact | SkipReason:
    """Return what to make of a data set: a register, a fact of the meter, or nothing and why.

    unit: as printed with the first value. heat: whether the readout is a heat meter's.
    """
    if history is not None:
        return SkipReason.HISTORY
    if medium is not None and medium != DSMR_GENERAL_MEDIUM and not medium.startswith("1-"):
        return SkipReason.OTHER_MEDIUM
    if fact := _fact(code, heat=heat):
        return fact
    return _quantity(medium, code, unit, heat=heat)


def is_heat_meter(codes: frozenset[str]) -> bool:
    """Tell by the codes of a readout: heat energy is "6.8", which means QII in electricity."""
    if _HEAT_ENERGY_CODE not in codes:
        return False
    return not any(code.startswith(_ELECTRIC_ENERGY) for code in codes)


@lru_cache(_CACHED_PLANS)
def natural_order(code: str) -> tuple[int, ...]:
    """Return the key that sorts "2.8.0" before "16.7.0"; `code` is that of a register."""
    return tuple(map(int, code.split(".")))


def _fact(code: str, *, heat: bool) -> Fact | None:
    if code in CLOCK_CODES:
        return Fact.CLOCK
    if code in _ERROR_CODES:
        return Fact.ERROR_FLAGS
    if code in SERIAL_CODES and (heat or code not in _HEAT_SERIAL_CODES):
        return Fact.SERIAL
    return None


def _quantity(medium: str | None, code: str, unit: str | None, *, heat: bool) -> Scale | SkipReason:
    if _PROFILE.match(code):
        return SkipReason.PROFILE
    groups = _NUMERIC.fullmatch(code)
    if groups is None:
        return SkipReason.GENERAL if _GENERAL.fullmatch(code) else SkipReason.NOT_OBIS
    group, processing = int(groups[1]), int(groups[2])
    measured = group == _HEAT_GROUP if heat else group not in _GENERAL_GROUPS
    if not measured or medium == DSMR_GENERAL_MEDIUM:
        return SkipReason.GENERAL
    # A heat meter's codes mean other quantities, so that only the printed unit counts.
    usual = None if heat else _USUAL_UNITS.get((group, processing))
    if unit is None and usual is None:
        return SkipReason.NO_UNIT
    return _scale(unit or usual or "", maximum=processing == _MAXIMUM)


def _scale(unit: str, *, maximum: bool) -> Scale:
    """Return how to store a printed unit; one that is not known is stored as it is printed."""
    lower = unit.lower()
    prefix, power = ("", lower) if lower in _POWERS else (lower[:1], lower[1:])
    if power in _POWERS and prefix in _PREFIXES:
        exponent = _PREFIXES[prefix]
        return Scale(_POWERS[power], exponent, exponent - _KILO, maximum)
    base, exponent = _OTHER_UNITS.get(unit, (unit, 0))
    return Scale(base, exponent, 0, maximum)


# Phases: 20, 40 and 60 are added to the groups of the total.
_USUAL_UNITS = {
    **{(group + phase, _INDEX): "kWh" for group in (1, 2) for phase in (0, 20, 40, 60)},
    **{(group + phase, _INDEX): "kvarh" for group in range(3, 9) for phase in (0, 20, 40, 60)},
    **{(group, 7): "V" for group in (32, 52, 72)},
    **{(group, 7): "A" for group in (31, 51, 71)},
    **{(group, 7): "" for group in (13, 33, 53, 73)},  # power factors
    (14, 7): "Hz",
}

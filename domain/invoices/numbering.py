"""How invoices are numbered, in formats that are data. Pure; see `numbers` for who has which."""

import re
from dataclasses import dataclass

NUMBER_FORMAT_CHARACTERS_MAX = 40
# Digits at an end would run into the year or the number.
SERIES = re.compile(r"[A-Z]([A-Z0-9]{0,6}[A-Z])?")
SLOT = re.compile(r"\{(series|year|number)(?::0([1-9]|1[0-2]))?\}")
PLAIN = re.compile(r"[A-Za-z0-9/._-]*")


class InvalidFormat(Exception):
    """The text is no format of numbers that can be told apart."""


@dataclass(frozen=True, slots=True)
class Numbering:
    """How an invoice is numbered. year: of the day on which it is issued.

    format: a text with {series}, {year} and {number}, the last with a width: {number:09}.
    """

    format: str
    series: str
    year: int

    def number(self, place: int) -> str:
        """Return the number of the invoice at a place in the series, from 1 on."""
        said = {"series": self.series, "year": str(self.year), "number": str(place)}

        def filled(slot: re.Match[str]) -> str:
            return said[slot[1]].zfill(int(slot[2] or 0))

        return SLOT.sub(filled, self.format)


def check_format(format: str) -> str:
    """Return a format of numbers.

    :raises InvalidFormat: invoices of two series, years or places could have the same number
    """
    slots = [slot[1] for slot in SLOT.finditer(format)]
    if sorted(slots) != ["number", "series", "year"]:
        raise InvalidFormat
    if not PLAIN.fullmatch(SLOT.sub("", format)) or len(format) > NUMBER_FORMAT_CHARACTERS_MAX:
        raise InvalidFormat
    return format

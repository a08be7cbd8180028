"""What is searched, and how a text is compared with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from db.enums import Scope
from domain.facets import Facet
from domain.listing import Listing


class SearchType(StrEnum):
    """What can be found."""

    METER = "METER"
    RF_MODULE = "RF_MODULE"
    COLLECTOR = "COLLECTOR"
    BRANCH = "BRANCH"
    FIELD = "FIELD"
    PREMISES = "PREMISES"
    METERING_POINT = "METERING_POINT"
    ACCOUNT = "ACCOUNT"
    SUBSCRIBER = "SUBSCRIBER"


class MatchedIn(StrEnum):
    """Where the text was found."""

    SERIAL = "SERIAL"
    NAME = "NAME"
    CODE = "CODE"
    NUMBER = "NUMBER"
    REFERENCE = "REFERENCE"
    PHONE = "PHONE"
    EMAIL = "EMAIL"


class Match(StrEnum):
    """How much of it the text is, best first."""

    EXACT = "EXACT"
    PREFIX = "PREFIX"
    PART = "PART"


Values = Mapping[str, object]


# Of fewer letters the index knows only which words they begin.
PART_CHARACTERS_MIN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to find rows of a listing by a text.

    found: a query for the `id` and the `letters` of what has the text in it, as SQL; whether the
        caller sees it is not its business, but whose company it is.
    wanted: SQL of what `letters` are compared with.
    values: the values that these speak of, by the text; None when it cannot be what is searched.
    scope: what one needs to search so, beyond seeing the row.
    """

    type: SearchType
    rows: Listing
    matched_in: MatchedIn
    found: str
    wanted: str
    values: Callable[[str], Values | None]
    scope: Scope | None = None


def by_letters(type_: SearchType, rows: Listing, facet: Facet, matched_in: MatchedIn) -> Way:
    """Return the way by an indexed text of the row itself."""
    return Way(
        type=type_,
        rows=rows,
        matched_in=matched_in,
        found=f"select * from rows_containing('{facet.expression}', {{text}}, {{at_start}},"
        " {at_most})",
        wanted="folded({text}::text)",
        values=_letters,
    )


def _letters(text: str) -> Values:
    return {"text": text, "at_start": len(text) < PART_CHARACTERS_MIN}

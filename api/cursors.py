"""Cursors of lists as clients see them: opaque, and good for one list in one order only."""

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from domain.facets import Facet, Kind
from domain.orders import Order, Place, name_of

CHARACTERS_MAX = 4_000
ID_MAX = 2**63 - 1


class InvalidCursor(Exception):
    """The text is no cursor of this list."""


def cursor_of(table: str, order: Order, place: Place) -> str:
    values = [_told(value) for value in place.values]
    text = orjson.dumps([table, name_of(order), values, place.id])
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def place_of(table: str, order: Order, cursor: str) -> Place:
    """Return the place that the cursor stands for.

    :raises InvalidCursor: it stands for none of this table in this order
    """
    if len(cursor) > CHARACTERS_MAX:
        raise InvalidCursor
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        content = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise InvalidCursor from error
    match content:
        case [str(name), str(ordered), list(values), int(row_id)] if (
            name == table
            and ordered == name_of(order)
            and len(values) == len(order)
            and 0 < row_id <= ID_MAX
        ):
            read = (_read(by.facet, value) for by, value in zip(order, values, strict=True))
            return Place(tuple(read), row_id)
    raise InvalidCursor


def _told(value: object) -> object:
    match value:
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case _:
            return value


def _read(facet: Facet, value: object) -> object:
    if value is None and facet.nullable:
        return None
    try:
        return READERS[facet.kind](value)
    except (TypeError, ValueError, OverflowError, InvalidOperation) as error:
        raise InvalidCursor from error


def _text(value: Any) -> str:
    # PostgreSQL knows no zero characters.
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(value)
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or abs(value) > ID_MAX:
        raise ValueError(value)
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _number(value: Any) -> Decimal:
    number = Decimal(_text(value))
    if not number.is_finite():
        raise ValueError(value)
    return number


def _instant(value: Any) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError(value)
    return moment


def _date(value: Any) -> date:
    return date.fromisoformat(_text(value))


READERS: Mapping[Kind, Callable[[Any], object]] = {
    Kind.TEXT: _text,
    Kind.WORD: _text,
    Kind.FLAG: _flag,
    Kind.WHOLE: _whole,
    Kind.NUMBER: _number,
    Kind.MONEY: _whole,
    Kind.INSTANT: _instant,
    Kind.DATE: _date,
}

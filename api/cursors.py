"""Cursors of lists as clients see them: opaque, and good for one list only."""

import base64
import binascii

import orjson

from domain.listing import Place

CHARACTERS_MAX = 1_000
ID_MAX = 2**63 - 1


class InvalidCursor(Exception):
    """The text is no cursor of this list."""


def cursor_of(table: str, place: Place) -> str:
    text = orjson.dumps([table, place.key, place.id])
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def place_of(table: str, cursor: str) -> Place:
    """Return the place that the cursor stands for.

    :raises InvalidCursor: it stands for none of this table
    """
    if len(cursor) > CHARACTERS_MAX:
        raise InvalidCursor
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        content = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise InvalidCursor from error
    match content:
        # PostgreSQL knows no zero characters and no larger numbers.
        case [str(name), str(key), int(row_id)] if (
            name == table and "\0" not in key and 0 < row_id <= ID_MAX
        ):
            return Place(key, row_id)
    raise InvalidCursor

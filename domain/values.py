"""Checking single values that people or files give. Pure: each returns the value or refuses it."""

from domain.refusals import InvalidValue

NAME_CHARACTERS_MAX = 200
TEXT_CHARACTERS_MAX = 1_000


def name(value: str, *path: str, characters_max: int = NAME_CHARACTERS_MAX) -> str:
    """Return a name without the spaces around it.

    :raises InvalidValue: it is empty, too long, or has characters that do not print
    """
    trimmed = value.strip()
    if not 1 <= len(trimmed) <= characters_max or not trimmed.isprintable():
        raise InvalidValue(*path, expected=f"1 to {characters_max} printable characters")
    return trimmed


def optional_name(
    value: str | None, *path: str, characters_max: int = NAME_CHARACTERS_MAX
) -> str | None:
    """Return a name, or None for none.

    :raises InvalidValue: it is empty, too long, or has characters that do not print
    """
    return None if value is None else name(value, *path, characters_max=characters_max)


def whole_number(value: int, *path: str, minimum: int, maximum: int) -> int:
    """Return a number.

    :raises InvalidValue: it is out of range
    """
    if not minimum <= value <= maximum:
        raise InvalidValue(*path, expected=f"a whole number from {minimum} to {maximum}")
    return value

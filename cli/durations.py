"""Durations as people type them: 15s, 15m, 6h, 3d."""

import re
from datetime import timedelta

import typer

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"([0-9]{1,6})([smhd])", re.ASCII)


def duration(text: str) -> timedelta:
    """Return what `text` says.

    :raises typer.BadParameter: it is none of these, or nothing
    """
    found = _DURATION.fullmatch(text)
    if found is None or int(found[1]) == 0:
        raise typer.BadParameter(f"expected a duration such as 15s, 15m, 6h or 3d, got {text!r}")
    return timedelta(**{UNITS[found[2]]: int(found[1])})

"""Stripe's way of writing nested values into a form: `a[b]=1`, `a[0][c]=2`."""

import re
from typing import Any
from urllib.parse import parse_qsl

KEY = re.compile(r"\[([^\[\]]*)\]")


def nested(encoded: str) -> dict[str, Any]:
    """Return the values of a form or a query; places in lists become keys, then lists."""
    result: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        head = name.partition("[")[0]
        path = [head, *KEY.findall(name)]
        level = result
        for part in path[:-1]:
            level = level.setdefault(part, {})
        level[path[-1] or str(len(level))] = value
    return {name: _listed(value) for name, value in result.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    parts = {name: _listed(part) for name, part in value.items()}
    is_list = parts and all(name.isdecimal() for name in parts)
    return [parts[name] for name in sorted(parts, key=int)] if is_list else parts


def flag(value: object) -> bool:
    return value in (True, "true")

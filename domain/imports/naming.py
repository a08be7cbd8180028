"""Which objects the objects of a file belong to, by the keys that the file names them by. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.bulk.kind import Key, Reference
from domain.imports.tables import Item


def references(item: Item) -> Iterator[tuple[Reference, Mapping[str, Any], int]]:
    """Yield each reference of an object with the values that it stands in, and their row."""
    for reference in item.kind.references:
        if reference.in_line:
            for line in item.lines:
                yield reference, line.values, line.row
        else:
            yield reference, item.values, item.row


def named_key(reference: Reference, values: Mapping[str, Any]) -> Key | None:
    """Return the key that the columns name; None if they name nothing."""
    parts = [values.get(name) for name in reference.columns]
    return None if None in parts else tuple(str(part) for part in parts)


def keys_by_kind(items: list[Item]) -> dict[str, set[Key]]:
    """Return the keys of all that the objects are and name, by kind."""
    keys: dict[str, set[Key]] = {}
    for item in items:
        keys.setdefault(item.kind.name, set()).add(item.key)
        for reference, values, _ in references(item):
            key = named_key(reference, values)
            if key is not None:
                keys.setdefault(reference.kind, set()).add(key)
    return keys

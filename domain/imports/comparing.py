"""Whether the company has an object as a file describes it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.bulk.known import Existing
from domain.imports.tables import Item


@dataclass(slots=True)
class Difference:
    """What a file says otherwise. changes: by parameter; fixed: columns that no import changes."""

    changes: dict[str, Any] = field(default_factory=dict)
    fixed: list[str] = field(default_factory=list)
    changed_columns: list[str] = field(default_factory=list)

    @property
    def is_none(self) -> bool:
        return not self.changes and not self.fixed


def difference(item: Item, existing: Existing) -> Difference:
    """Return how an object differs.

    What the file leaves out, or empty where that says nothing, does not differ.
    """
    kind, found = item.kind, Difference()
    for name, value in item.values.items():
        column = kind.by_name[name]
        if value == existing.record[name] or (value is None and not column.clearable):
            continue
        if column.changeable and name not in kind.referring and kind.change is not None:
            found.changes[column.parameter] = value
            found.changed_columns.append(name)
        else:
            found.fixed.append(name)
    for line in item.lines:
        if not any(_is_covered(line.values, other) for other in existing.lines):
            found.fixed.append(kind.lines[0])
    return found


def _is_covered(line: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(value is None or value == other[name] for name, value in line.items())

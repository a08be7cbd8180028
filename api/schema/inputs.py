"""Input types that are made from declarations, and whose values stay what the client sent."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import strawberry

InputField: TypeAlias = tuple[Any, Any]
"""The type of an input's field, and what `strawberry.field` made for it."""


def input_type(name: str, description: str, fields: Mapping[str, InputField]) -> type:
    """Return an input type with fields of these names on the wire."""
    attributes: dict[str, Any] = {"__annotations__": {}}
    for wire_name, (kind, field) in fields.items():
        # `in` and its like are no names of Python's.
        field.graphql_name = wire_name
        attributes[f"{wire_name}_"] = field
        attributes["__annotations__"][f"{wire_name}_"] = kind
    made: Any = strawberry.input(type(name, (), attributes), name=name, description=description)
    made.__strawberry_definition__.from_input = lambda _, value, __: value
    return made  # type: ignore[no-any-return]

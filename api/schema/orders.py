"""The type of `orderBy` on each list, made from the facets that the domain declares."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Any, TypeAlias

import strawberry

from api.schema.facets import shown_facets
from api.schema.inputs import input_type

ShownWord: TypeAlias = tuple[str, Sequence[object]]
"""What a word means, and its directives."""


class OrderDirection(StrEnum):
    ASC = "ASC"
    DESC = "DESC"


def _described(words: Any, description: str, shown: Mapping[str, ShownWord]) -> Any:
    """Make an enum of the schema of `words`."""
    strawberry.enum(words, description=description)
    for value in words.__strawberry_definition__.values:
        value.description, value.directives = shown[value.name]
    return words


_described(
    OrderDirection,
    "Which way an order goes.",
    {
        "ASC": ("From the least; what has no value comes last.", ()),
        "DESC": ("From the most; what has no value comes first.", ()),
    },
)


@cache
def order_input(name: str) -> Any:
    """Return the type of one thing that decides the order of a list of objects of a type."""
    return input_type(
        f"{name}Order",
        f"One thing that decides in which order a list of {name} comes.",
        {
            "field": (_order_field(name), strawberry.field(description="What decides.")),
            "direction": (
                OrderDirection,
                strawberry.field(description="Which way.", default=OrderDirection.ASC),
            ),
        },
    )


def _order_field(name: str) -> Any:
    sortable = [shown for shown in shown_facets(name).values() if shown.facet.is_sortable]
    members = {shown.facet.name.upper(): shown.facet.name for shown in sortable}
    return _described(
        StrEnum(f"{name}OrderField", members),
        f"What can decide the order of a list of {name}.",
        {shown.facet.name.upper(): (shown.description, shown.directives) for shown in sortable},
    )

"""The type of `where` on each list, made from the facets that the domain declares.

What a client sends stays as it came; `api.conditions` makes a condition of it.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.utils.str_converters import to_camel_case

from api.schema.facets import shown_facets
from api.schema.inputs import InputField, input_type
from api.schema.scalars import DateTime, ExactNumber, LocalDate, MoneyAmount
from domain.facets import Facet, Kind
from domain.filters import Operator

MEANINGS = {
    Operator.EQ: "Exactly this.",
    Operator.IN: "One of these; of none, nothing.",
    Operator.GT: "More than this.",
    Operator.GTE: "This or more.",
    Operator.LT: "Less than this.",
    Operator.LTE: "This or less.",
    Operator.CONTAINS: "With this somewhere in it, whatever the case and the accents: `isik` finds"
    " `Işık`.",
    Operator.IS_NULL: "Whether there is to be none.",
}
SAME = (Operator.EQ, Operator.IN, Operator.IS_NULL)
ORDERED = (*SAME, Operator.GT, Operator.GTE, Operator.LT, Operator.LTE)

# Each kind's name, type and comparisons; words have theirs from their own type.
FILTERS: Mapping[Kind, tuple[str, Any, Sequence[Operator]]] = {
    Kind.TEXT: ("Text", str, (*ORDERED, Operator.CONTAINS)),
    Kind.FLAG: ("Boolean", bool, (Operator.EQ, Operator.IS_NULL)),
    Kind.WHOLE: ("Int", int, ORDERED),
    Kind.NUMBER: ("ExactNumber", ExactNumber, ORDERED),
    Kind.MONEY: ("Money", MoneyAmount, ORDERED),
    Kind.INSTANT: ("DateTime", DateTime, ORDERED),
    Kind.DATE: ("Date", LocalDate, ORDERED),
    Kind.ID: ("Id", strawberry.ID, SAME),
    Kind.OBJECT: ("Object", strawberry.ID, (Operator.EQ, Operator.IN)),
}
AND, OR, NOT = "and", "or", "not"
COMBINED = {
    AND: "All of these, besides what stands next to it.",
    OR: "One of these at the least; of none, nothing.",
    NOT: "What this leaves out.",
}


@cache
def where_input(name: str) -> Any:
    """Return the type of what a list of objects of a type can be narrowed to."""
    fields = {
        shown.name: _field(
            filter_input(shown.facet), shown.description, directives=shown.directives
        )
        for shown in shown_facets(name).values()
    }
    combined = {word: _field(object, meaning) for word, meaning in COMBINED.items()}
    made = input_type(
        f"{name}WhereInput", f"What a {name} has to be; all of it.", fields | combined
    )
    for field in made.__strawberry_definition__.fields:  # type: ignore[attr-defined]
        if field.graphql_name in COMBINED:
            # Only now is there a type that it could speak of.
            kind = made if field.graphql_name == NOT else list[made]  # type: ignore[valid-type]
            field.type_annotation = StrawberryAnnotation(kind | None)
    return made


def filter_input(facet: Facet) -> Any:
    """Return the type of what a facet can be compared with."""
    if facet.words is not None:
        return _filter_input(facet.words.__name__, facet.words, SAME)
    return _filter_input(*FILTERS[facet.kind])


@cache
def _filter_input(name: str, kind: Any, operators: Sequence[Operator]) -> Any:
    fields = {
        to_camel_case(operator.value): _field(_operand(operator, kind), MEANINGS[operator])
        for operator in operators
    }
    return input_type(f"{name}FilterInput", "What a value has to be; all of it.", fields)


def _operand(operator: Operator, kind: Any) -> Any:
    match operator:
        case Operator.IN:
            return list[kind]
        case Operator.IS_NULL:
            return bool
        case _:
            return kind


def _field(kind: Any, description: str, *, directives: Sequence[object] = ()) -> InputField:
    field = strawberry.field(
        description=description, default=strawberry.UNSET, directives=directives
    )
    return kind | None, field

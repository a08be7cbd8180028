"""Values for the arguments that the schema asks for."""

from collections.abc import Callable, Iterator

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputType,
    GraphQLScalarType,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
    print_ast,
)
from graphql.utilities import ast_from_value

PAGE_SIZE = 3
# Where a value by the type alone would not do.
NAMED: dict[str, object] = {
    "to": "2026-03-19T00:00:00+00:00",
    # Around everything.
    "longitude": 29.0,
    "radiusMeters": 1_000_000.0,
    "north": 89.0,
    "south": -89.0,
    "east": 179.0,
    "west": -179.0,
    "health": ["FAILING", "HEALTHY", "LATE", "SILENT"],
}
SCALARS: dict[str, object] = {
    "Boolean": True,
    "Date": "2026-03-18",
    "DateTime": "2026-03-18T00:00:00+00:00",
    "ExactNumber": "1",
    "Float": 41.0,
    "Int": 1,
    "Kwh": "1.000",
    "MoneyAmount": "1.000000",
    "TimeZone": "Europe/Istanbul",
}


class Values:
    """Fills in what is required, every id, and the size of pages; the rest keeps its default."""

    def __init__(self, value_of: Callable[[str], str], text: str) -> None:
        self._value_of = value_of
        self._text = text

    def literals(self, arguments: dict[str, GraphQLArgument]) -> str:
        given = []
        for name, argument in arguments.items():
            if name == "first":
                given.append(f"first: {PAGE_SIZE}")
            elif is_required_argument(argument) or any(slots_in(argument.type, name)):
                node = ast_from_value(self._value(argument.type, name), argument.type)
                assert node is not None
                given.append(f"{name}: {print_ast(node)}")
        return f"({', '.join(given)})" if given else ""

    def _value(self, kind: GraphQLInputType, path: str) -> object:
        if (last := path.rpartition(".")[2]) in NAMED:
            return NAMED[last]
        if is_non_null_type(kind):
            return self._value(kind.of_type, path)
        if is_list_type(kind):
            words = get_named_type(kind)
            return list(words.values) if is_enum_type(words) else [self._value(kind.of_type, path)]
        if is_input_object_type(kind):
            return self._object(kind.fields, path, is_one_of=kind.is_one_of)
        assert is_leaf_type(kind)
        return self._leaf(kind, path)

    def _leaf(self, kind: GraphQLScalarType | GraphQLEnumType, path: str) -> object:
        if is_enum_type(kind):
            return next(iter(kind.values))
        if kind.name == "ID":
            return self._value_of(path)
        return self._text if kind.name == "String" else SCALARS[kind.name]

    def _object(
        self, fields: dict[str, GraphQLInputField], path: str, *, is_one_of: bool
    ) -> dict[str, object]:
        wanted = {
            name: field
            for name, field in fields.items()
            if is_required_input_field(field) or any(slots_in(field.type, name))
        }
        if is_one_of:
            wanted = dict([next(iter((wanted or fields).items()))])
        return {name: self._value(field.type, f"{path}.{name}") for name, field in wanted.items()}


def slots_in(
    kind: GraphQLInputType, path: str, seen: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Return the paths of the ids within an argument; filters, which only narrow, have none."""
    named = get_named_type(kind)
    if named.name == "ID":
        yield path
    elif is_input_object_type(named) and named.name not in seen and path != "where":
        for name, field in named.fields.items():
            yield from slots_in(field.type, f"{path}.{name}", seen | {named.name})

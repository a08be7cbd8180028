"""Documents that schemathesis makes of the schema, for every operation that it has.

What it makes up is made more telling: most ids are those of real objects, most pages are small, and
most versions are the first.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from random import Random
from typing import Any, TypeVar

import schemathesis
from graphql import (
    ArgumentNode,
    FieldNode,
    GraphQLScalarType,
    IntValueNode,
    NameNode,
    Node,
    ObjectFieldNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    ValueNode,
    Visitor,
    parse,
    parse_value,
    print_ast,
    specified_scalar_types,
    visit,
)
from graphql.error import GraphQLSyntaxError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.graphql import nodes, scalar

from api.sdl import sdl
from tests.walls.requests import SCHEMA, RootField, root_fields
from tests.walls.values import SCALARS
from tests.walls.world import ANY

# For each operation, of those that fit the schema, and of those that nearly do.
FITTING, NEARLY_FITTING = 3, 1
SEED = 20_260_318
# How often what was made up is kept, of ten times.
MADE_UP = 3
PAGING = frozenset({"first", "last"})
# Literals of scalars; others are made up of any text.
SAMPLES: Mapping[str, Sequence[str]] = {
    "Date": ['"2026-03-18"', '"9999-12-31"'],
    "DateTime": ['"2026-03-18T00:00:00+00:00"', '"0001-01-01T00:00:00+14:00"'],
    "GeoPoint": ['{type: "Point", coordinates: [29.0, 41.0]}'],
    "GeoPolygon": ['{type: "Polygon", coordinates: [[[29, 41], [30, 41], [30, 42], [29, 41]]]}'],
    "MoneyAmount": ['"1.000000"', '"1e400"', '"NaN"'],
    "TimeZone": ['"Europe/Istanbul"', '"../etc/passwd"'],
}


Changed = TypeVar("Changed", bound=Node)


@dataclass(frozen=True, slots=True)
class Operation:
    """A document for one field of a root type."""

    field: RootField
    text: str


def operations(root: str, ids: Mapping[str, Sequence[str]]) -> Iterator[Operation]:
    """Yield documents for every field of a root type; the same ones each time.

    ids: of real objects, by type.
    """
    _know_scalars()
    random = Random(SEED)  # noqa: S311 - not for secrets
    fields = {field.name: field for field in root_fields(root)}
    for found in schemathesis.graphql.from_file(StringIO(sdl())).get_all_operations():
        operation = found.ok()  # type: ignore[union-attr] # our own schema is valid
        kind, _, name = operation.label.partition(".")
        if kind == root:
            yield Operation(fields[name], _plain(fields[name], ids))
            for text in _made_up(operation):
                yield Operation(fields[name], _made_telling(text, fields[name], ids, random))


def _plain(field: RootField, ids: Mapping[str, Sequence[str]]) -> str:
    """Return a document in which everything is as it should be."""
    targets = {slot.path: slot.target for slot in field.slots}
    return field.document(lambda path: ids.get(targets.get(path, ANY), ids[ANY])[0], ANY, depth=0)


def _made_up(operation: Any) -> list[str]:
    texts: list[str] = []
    for mode, count in (
        (GenerationMode.POSITIVE, FITTING),
        (GenerationMode.NEGATIVE, NEARLY_FITTING),
    ):

        @settings(
            max_examples=count,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode))
        def collect(case: Any) -> None:
            texts.append(case.body)

        collect()
    return texts


def _know_scalars() -> None:
    for name, kind in SCHEMA.type_map.items():
        if isinstance(kind, GraphQLScalarType) and name not in specified_scalar_types:
            literals = SAMPLES.get(name, [json.dumps(SCALARS.get(name, ""))])
            samples = [parse_value(literal) for literal in literals]
            scalar(name, st.one_of(st.sampled_from(samples), st.text().map(nodes.String)))


def _made_telling(
    text: str, field: RootField, ids: Mapping[str, Sequence[str]], random: Random
) -> str:
    try:
        document = parse(text)
    except GraphQLSyntaxError:
        return text
    info = TypeInfo(SCHEMA)
    telling = Telling(info, field, ids, random)
    return print_ast(visit(document, TypeInfoVisitor(info, telling)))


class Telling(Visitor):
    """Replaces some of what was made up."""

    def __init__(
        self,
        info: TypeInfo,
        field: RootField,
        ids: Mapping[str, Sequence[str]],
        random: Random,
    ) -> None:
        super().__init__()
        self._info = info
        self._targets = {slot.path.rpartition(".")[2]: slot.target for slot in field.slots}
        self._ids = ids
        self._random = random

    def leave_field(self, node: FieldNode, *_: object) -> Node | None:
        """Make pages small."""
        known = self._info.get_field_def()
        if known is None or "first" not in known.args or self._keep():
            return None
        others = [one for one in node.arguments or () if one.name.value not in PAGING]
        return _with(node, arguments=(*others, _argument("first", IntValueNode(value="2"))))

    def leave_argument(self, node: ArgumentNode, *_: object) -> Node | None:
        return self._filled(node)

    def leave_object_field(self, node: ObjectFieldNode, *_: object) -> Node | None:
        return self._filled(node)

    def _filled(self, node: ArgumentNode | ObjectFieldNode) -> Node | None:
        # On leaving, the type that the visitor knows is that of what is around.
        value = self._better(node.name.value, node.value)
        return None if value is None else _with(node, value=value)

    def _better(self, name: str, value: ValueNode) -> ValueNode | None:
        if name == "expectedVersion" and not self._keep():
            return IntValueNode(value="1")
        if name not in self._targets or self._keep():
            return None
        wanted = self._targets[name]
        kind = wanted if wanted in self._ids else self._random.choice(sorted(self._ids))
        one = StringValueNode(value=self._random.choice(self._ids[kind]))
        values = getattr(value, "values", None)
        return one if values is None else _with(value, values=tuple(one for _ in values))

    def _keep(self) -> bool:
        return self._random.randrange(10) < MADE_UP


def _argument(name: str, value: ValueNode) -> ArgumentNode:
    return ArgumentNode(name=NameNode(value=name), value=value)


def _with(node: Changed, **changes: object) -> Changed:
    kept = {key: getattr(node, key) for key in node.keys}
    return type(node)(**{**kept, **changes})

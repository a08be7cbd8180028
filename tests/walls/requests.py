"""Documents made from the schema: each root field, with all that its type shows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    build_schema,
    get_named_type,
    is_interface_type,
    is_leaf_type,
    is_union_type,
    parse,
)

from api.limits import FIELDS_MAX
from api.schema.node import NODES
from api.sdl import sdl
from tests.walls.values import Values, slots_in

SCHEMA = build_schema(sdl())
DEPTH = 2
# Slots of ids whose names do not say what they name.
TARGETS: dict[str, str] = {
    "createMeteringPoint.input.parentId": "MeteringPoint",
    "disableUser.input.id": "User",
    "enableUser.input.id": "User",
    "endSession.input.id": "Session",
    "previewTariffVersion.input.afterAccountId": "Account",
    "removeUser.input.id": "User",
    "updateMeteringPoint.input.parentId": "MeteringPoint",
}


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for an id in the arguments of a root field, and the type of the object it names."""

    path: str
    target: str


@dataclass(frozen=True, slots=True)
class RootField:
    """A field of a root type."""

    root: GraphQLObjectType
    name: str
    field: GraphQLField

    @property
    def is_public(self) -> bool:
        return self._guard == "public"

    @property
    def scope(self) -> str | None:
        return scope_of(self.field)

    @property
    def slots(self) -> list[Slot]:
        return [
            Slot(path, self._target(path))
            for name, argument in self.field.args.items()
            for path in slots_in(argument.type, name)
        ]

    def document(self, value_of: Callable[[str], str], text: str, *, depth: int = DEPTH) -> str:
        """Return the operation.

        value_of: the id for a slot, by its path. text: what texts are searched for, say.
        depth: of what is shown; less deep where a document may not have as many fields.
        """
        values = Values(value_of, text)
        chosen = values.literals(self.field.args)
        kind = {"Query": "query", "Mutation": "mutation", "Subscription": "subscription"}
        shown = selection(self.field, values, depth=depth)
        made = f"{kind[self.root.name]} {{ {self.name}{chosen}{shown} }}"
        if depth > 0 and field_count(made) > FIELDS_MAX:
            return self.document(value_of, text, depth=depth - 1)
        return made

    @property
    def _guard(self) -> str:
        return _directives(self.field)[0].name.value

    def _target(self, path: str) -> str:
        name = path.rpartition(".")[2]
        known = TARGETS.get(f"{self.name}.{path}")
        if known is not None:
            return known
        if name in {"id", "ids"}:
            return self._own_type()
        wanted = name.removesuffix("Ids").removesuffix("Id").lower()
        found = [one for one in NODES if one.lower() == wanted] or [
            one for one in NODES if one.lower().endswith(wanted)
        ]
        assert len(found) == 1, f"add {self.name}.{path} to TARGETS: it may be any of {found}"
        return found[0]

    def _own_type(self) -> str:
        kind = get_named_type(self.field.type)
        names = [kind.name]
        if isinstance(kind, GraphQLObjectType):
            names += [get_named_type(field.type).name for field in kind.fields.values()]
        return next((name for name in names if name in NODES), "Node")


def field_count(document: str) -> int:
    count = 0
    waiting: list[Node] = [parse(document)]
    while waiting:
        node = waiting.pop()
        count += isinstance(node, FieldNode)
        if isinstance(node, DocumentNode):
            waiting += node.definitions
        elif isinstance(node, OperationDefinitionNode | FieldNode | InlineFragmentNode):
            waiting += node.selection_set.selections if node.selection_set else ()
    return count


def root_fields(root: str) -> list[RootField]:
    kind = SCHEMA.type_map[root]
    assert isinstance(kind, GraphQLObjectType)
    return [RootField(kind, name, field) for name, field in sorted(kind.fields.items())]


def scope_of(field: GraphQLField) -> str | None:
    """Return the scope that a field requires, if it requires one."""
    for directive in _directives(field):
        for argument in directive.arguments or ():
            return str(getattr(argument.value, "value", ""))
    return None


def _directives(field: GraphQLField) -> Sequence[DirectiveNode]:
    return (field.ast_node.directives if field.ast_node else None) or ()


def node_document(type_name: str, values: Values, *, depth: int = DEPTH) -> str:
    """Return a query for one object by its id, with all that its type shows.

    depth: less deep where a document may not have as many fields.
    """
    kind = SCHEMA.type_map[type_name]
    assert isinstance(kind, GraphQLObjectType)
    shown = " ".join(_fields(kind, values, depth))
    made = f"query ($id: ID!) {{ node(id: $id) {{ __typename ... on {type_name} {{ {shown} }} }} }}"
    if depth > 0 and field_count(made) > FIELDS_MAX:
        return node_document(type_name, values, depth=depth - 1)
    return made


def selection(field: GraphQLField, values: Values, *, depth: int) -> str:
    """Return the braces behind a field with all that may stand in them, to a depth."""
    kind = get_named_type(field.type)
    if is_leaf_type(kind):
        return ""
    if is_union_type(kind):
        return (
            " { __typename " + " ".join(f"... on {one.name} {{ id }}" for one in kind.types) + " }"
        )
    if is_interface_type(kind):
        plain = (
            name for name, one in kind.fields.items() if is_leaf_type(get_named_type(one.type))
        )
        return " { __typename " + " ".join(plain) + " }"
    assert isinstance(kind, GraphQLObjectType)
    return " { __typename " + " ".join(_fields(kind, values, depth)) + " }"


def _fields(kind: GraphQLObjectType, values: Values, depth: int) -> Iterator[str]:
    of_page = kind.name.endswith(("Connection", "Payload"))
    for name, field in kind.fields.items():
        if of_page and name in {"edges", "pageInfo"}:
            continue  # `nodes` shows the same
        is_leaf = is_leaf_type(get_named_type(field.type))
        if is_leaf or of_page or depth > 0:
            deeper = depth if of_page or is_leaf else depth - 1
            yield name + values.literals(field.args) + selection(field, values, depth=deeper)

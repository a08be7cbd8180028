"""What of an operation needs no resolver: found once, and completed column by column."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    TypeNameMetaFieldDef,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import CollectedFields, FieldDetailsList
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from api.execution.columns import Complete, leaves, lists, nullable, objects
from api.permissions.requires import Guard
from api.schema.node import Node
from api.schema.paging import Connection

DEFINITION = "strawberry-definition"

Collect: TypeAlias = Callable[[GraphQLObjectType, FieldDetailsList], CollectedFields]
Key: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """What completes many values at once, for callers whom all `guards` let through.

    columns: of the rows that `Node`s among the values are made from, those that it reads.
    """

    complete: Complete
    guards: frozenset[Guard] = frozenset()
    columns: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Selection:
    """What is selected of an object; `planned` are the fields that need no resolver."""

    collected: CollectedFields
    planned: Mapping[str, Planned]

    @property
    def is_planned(self) -> bool:
        """Return whether no field at all needs a resolver."""
        return bool(self.planned) and len(self.planned) == len(self.collected.grouped_field_set)


@dataclass(slots=True)
class Plans:
    """The plans of one operation, made as its selections are met.

    They last as long as the operation's document, unless variables decide what is selected.
    """

    _selections: dict[Key, Selection] = field(default_factory=dict)
    _values: dict[Key, Planned | None] = field(default_factory=dict)
    _columns: dict[Key, frozenset[str] | None] = field(default_factory=dict)

    def selection(
        self,
        schema: GraphQLSchema,
        kind: GraphQLObjectType,
        details: FieldDetailsList,
        collect: Collect,
    ) -> Selection:
        """Return what the field selects of objects of one type.

        :raises GraphQLError: a condition of the selection is no condition
        """
        key = _key(kind, details)
        found = self._selections.get(key)
        if found is None:
            found = _Planner(self, schema, collect).selection(kind, details)
            self._selections[key] = found
        return found

    def values(
        self,
        schema: GraphQLSchema,
        kind: GraphQLOutputType,
        details: FieldDetailsList,
        collect: Collect,
    ) -> Planned | None:
        """Return what completes the field's values of a type; None when they need resolvers."""
        key = _key(kind, details)
        if key not in self._values:
            self._values[key] = _Planner(self, schema, collect).values(kind, details)
        return self._values[key]

    def columns(
        self,
        schema: GraphQLSchema,
        kind: GraphQLOutputType,
        details: FieldDetailsList,
        collect: Collect,
    ) -> frozenset[str] | None:
        """Return the columns that a field's page is asked for; None when it may be any of them."""
        key = _key(kind, details)
        if key not in self._columns:
            self._columns[key] = _Planner(self, schema, collect).columns(kind, details)
        return self._columns[key]


def is_conditional(document: DocumentNode) -> bool:
    """Return whether anything in the document has a directive."""
    sets = [
        definition.selection_set
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    while sets:
        for node in sets.pop().selections:
            if node.directives:
                return True
            if isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set:
                sets.append(node.selection_set)
    return False


def _key(kind: GraphQLOutputType, details: FieldDetailsList) -> Key:
    """Return what tells selections apart; nodes live as long as their document."""
    return (kind, *[id(detail.node) for detail in details])


@dataclass(frozen=True, slots=True)
class _Planner:
    """Plans with what one execution knows."""

    plans: Plans
    schema: GraphQLSchema
    collect: Collect

    def selection(self, kind: GraphQLObjectType, details: FieldDetailsList) -> Selection:
        collected = self.collect(kind, details)
        fields = {
            name: self._field(kind, of_field)
            for name, of_field in collected.grouped_field_set.items()
        }
        if collected.new_defer_usages:
            return Selection(collected, {})
        return Selection(
            collected, {name: planned for name, planned in fields.items() if planned is not None}
        )

    def values(self, kind: GraphQLOutputType, details: FieldDetailsList) -> Planned | None:
        if is_non_null_type(kind):
            return self._present(kind.of_type, details)
        planned = self._present(kind, details)
        return planned and replace(planned, complete=nullable(planned.complete))

    def columns(self, kind: GraphQLOutputType, details: FieldDetailsList) -> frozenset[str] | None:
        connection = get_nullable_type(kind)
        if not is_object_type(connection) or not _is_connection(connection):
            return None
        try:
            collected = self.collect(connection, details)
        except GraphQLError:
            # It belongs to the field, if that has any value.
            return None
        # Its resolvers read nothing of the rows but where they stand.
        values = [
            self.values(definition.type, of_field)
            for of_field in collected.grouped_field_set.values()
            if (definition := self.schema.get_field(connection, of_field[0].node.name.value))
        ]
        columns = [planned.columns for planned in values if planned is not None]
        return frozenset().union(*columns) if len(columns) == len(values) else None

    def _present(self, kind: GraphQLOutputType, details: FieldDetailsList) -> Planned | None:
        if is_leaf_type(kind):
            return Planned(leaves(kind))
        if is_list_type(kind):
            planned = self.plans.values(self.schema, kind.of_type, details, self.collect)
            return planned and replace(planned, complete=lists(planned.complete))
        if is_object_type(kind):
            return self._objects(kind, details)
        return None

    def _objects(self, kind: GraphQLObjectType, details: FieldDetailsList) -> Planned | None:
        definition = kind.extensions.get(DEFINITION)
        if not isinstance(definition, StrawberryObjectDefinition) or definition.is_type_of:
            return None
        try:
            selection = self.plans.selection(self.schema, kind, details, self.collect)
        except GraphQLError:
            # It belongs to the field, if that has any value.
            return None
        if not selection.is_planned:
            return None
        fields = {name: planned.complete for name, planned in selection.planned.items()}
        guards = frozenset().union(*(planned.guards for planned in selection.planned.values()))
        columns = frozenset().union(*(planned.columns for planned in selection.planned.values()))
        of_type = definition.origin if kind.is_type_of else None
        return Planned(objects(fields, of_type=of_type), guards, columns)

    def _field(self, kind: GraphQLObjectType, details: FieldDetailsList) -> Planned | None:
        definition = self.schema.get_field(kind, details[0].node.name.value)
        if definition is TypeNameMetaFieldDef:
            return Planned(lambda values, _: [kind.name] * len(values))
        if definition is None or definition.args:
            return None
        guards = _guards_of_attribute(definition.extensions.get(DEFINITION))
        planned = None if guards is None else self.values(definition.type, details)
        if guards is None or planned is None:
            return None
        name = definition.extensions[DEFINITION].python_name
        is_column = issubclass(kind.extensions[DEFINITION].origin, Node)
        columns = frozenset({name}) if is_column else planned.columns
        return Planned(_read(kind, name, planned.complete), guards | planned.guards, columns)


def _is_connection(kind: GraphQLObjectType) -> bool:
    definition = kind.extensions.get(DEFINITION)
    return isinstance(definition, StrawberryObjectDefinition) and issubclass(
        definition.origin, Connection
    )


def _guards_of_attribute(definition: object) -> frozenset[Guard] | None:
    """Return the guards of a field that is an attribute and nothing else; None for all others."""
    if (
        not isinstance(definition, StrawberryField)
        or definition.base_resolver is not None
        or definition.default_resolver is not getattr
    ):
        return None
    guards = [extension for extension in definition.extensions if isinstance(extension, Guard)]
    return frozenset(guards) if len(guards) == len(definition.extensions) else None


def _read(kind: GraphQLObjectType, name: str, complete: Complete) -> Complete:
    origin = kind.extensions[DEFINITION].origin
    if issubclass(origin, Node):
        return lambda nodes, tally: complete(origin.column(nodes, name), tally)
    read = attrgetter(name)
    return lambda values, tally: complete(list(map(read, values)), tally)

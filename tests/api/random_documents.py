"""Valid documents over a schema, made at random, with their variables."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    REMOVE,
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    NameNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    is_required_argument,
    parse_type,
    print_ast,
    validate,
    value_from_ast_untyped,
    visit,
)
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries


@dataclass(frozen=True, slots=True)
class RandomDocument:
    """A document, and the values of its variables."""

    text: str
    variables: dict[str, Any] = field(default_factory=dict)


@st.composite
def documents(
    draw: st.DrawFn, schema: GraphQLSchema, *, fields: Sequence[str], ids: Sequence[str]
) -> RandomDocument:
    """Return a query of some of the root `fields`; where it takes an id, it gives one of `ids`."""
    texts = {
        "ID": ids,
        "String": ["x"],
        "Date": ["2026-03-18", "2026-03-19"],
        "DateTime": ["2026-03-18T00:00:00+03:00", "2026-03-19T00:00:00+03:00"],
        "ExactNumber": ["1.5", "0"],
        "Kwh": ["0", "12.345"],
        "MoneyAmount": ["0", "-10.5"],
        "TimeZone": ["Europe/Istanbul"],
    }
    scalars: dict[str, Any] = {
        name: st.sampled_from(some).map(nodes.String) for name, some in texts.items()
    }
    scalars["Int"] = st.sampled_from([1, 2, 50, 0]).map(nodes.Int)
    made: Any = draw(
        queries(schema, fields=fields, custom_scalars=scalars, print_ast=lambda made: made)
    )
    changes = _Changes(draw, schema)
    changed: DocumentNode = visit(made, TypeInfoVisitor(changes.types, changes))
    assume(not validate(schema, changed))
    return RandomDocument(print_ast(changed), changes.values)


class _Changes(Visitor):
    """Leaves arguments out, says others by variables, and selects some fields on conditions."""

    def __init__(self, draw: st.DrawFn, schema: GraphQLSchema) -> None:
        super().__init__()
        self.types = TypeInfo(schema)
        self.values: dict[str, Any] = {}
        self._draw = draw
        self._definitions: list[VariableDefinitionNode] = []

    def enter_argument(self, node: ArgumentNode, *_: Any) -> Any:
        argument = self.types.get_argument()
        if argument is None:
            return None
        if not is_required_argument(argument) and self._draw(st.booleans()):
            return REMOVE
        if self._draw(st.booleans()):
            return None
        value = value_from_ast_untyped(node.value)
        return ArgumentNode(name=node.name, value=self._variable(str(argument.type), value))

    def enter_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        how = self._draw(st.sampled_from(["", "", "", "", "skip", "include", "variable"]))
        if how == "":
            return None
        value: Any = (
            self._variable("Boolean!", self._draw(st.booleans()))
            if how == "variable"
            else BooleanValueNode(value=self._draw(st.booleans()))
        )
        directive = DirectiveNode(
            name=NameNode(value="include" if how == "variable" else how),
            arguments=(ArgumentNode(name=NameNode(value="if"), value=value),),
        )
        return FieldNode(
            alias=node.alias,
            name=node.name,
            arguments=node.arguments,
            directives=(directive,),
            selection_set=node.selection_set,
        )

    def leave_operation_definition(
        self, node: OperationDefinitionNode, *_: Any
    ) -> OperationDefinitionNode:
        return OperationDefinitionNode(
            operation=node.operation,
            variable_definitions=tuple(self._definitions),
            selection_set=node.selection_set,
        )

    def _variable(self, kind: str, value: Any) -> VariableNode:
        name = f"v{len(self.values)}"
        self.values[name] = value
        variable = VariableNode(name=NameNode(value=name))
        self._definitions.append(
            VariableDefinitionNode(variable=variable, type=parse_type(kind), directives=())
        )
        return variable

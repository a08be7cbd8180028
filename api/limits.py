"""What one document may ask for, measured in one walk before validation.

The walk knows no schema and measures each fragment once, however often it is spread: it takes time
in proportion to the text, whatever the text says. Sizes count what the spreads stand for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
)

from api.costs import COSTS, ITEMS, LISTS
from api.errors import TooComplex
from api.schema.paging import PAGE_SIZE, PAGE_SIZE_MAX

BODY_BYTES_MAX = 256 * 1024
TOKENS_MAX = 2_000
DEFINITIONS_MAX = 100
DEPTH_MAX = 12
ALIASES_MAX = 30
DIRECTIVES_MAX = 20
COST_MAX = 1_000
EXECUTION_S_MAX = 10.0
# Plain fields cost nothing, but validation compares them with one another.
FIELDS_MAX = 500
# Of selections and spreads in one another, so that the walk itself stays shallow.
NESTING_MAX = 60
INT_CHARACTERS_MAX = 11
# Larger numbers are none in JSON.
PRINTABLE_BITS = 53

# Introspection is deep by nature; its own rule bounds it, and production has none.
INTROSPECTION = frozenset({"__schema", "__type"})
Variables = Mapping[str, object]

# Of variables, counted like tokens: each value of a list or an object.
VALUES_MAX = 5_000
VALUES_NESTING_MAX = 20


@dataclass(frozen=True, slots=True)
class Size:
    """What a selection stands for; `depth` is that of its deepest field."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    fields: int = 0

    def __add__(self, other: "Size") -> "Size":
        return Size(
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.fields + other.fields,
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """Objects that a selection may bring: once, and for each item of the page around it."""

    once: int = 0
    each: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.once + other.once, self.each + other.each)


class Sizes:
    """Measures the selections of one document."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = _fragments(document)
        self._measured: dict[str, Size] = {}

    def of_operation(self, operation: OperationDefinitionNode) -> Size:
        variables = operation.variable_definitions or ()
        own = len(operation.directives or ()) + sum(len(one.directives or ()) for one in variables)
        return Size(directives=own) + self._of_selections(operation.selection_set, 0)

    def of_fragment(self, name: str, nesting: int = 0) -> Size:
        if name not in self._measured:
            # A fragment within itself, which validation reports, has no size of its own.
            self._measured[name] = Size()
            fragment = self._fragments.get(name)
            if fragment is not None:
                own = Size(directives=len(fragment.directives or ()))
                self._measured[name] = own + self._of_selections(fragment.selection_set, nesting)
        return self._measured[name]

    def _of_selections(self, selections: SelectionSetNode | None, nesting: int) -> Size:
        _check_nesting(nesting)
        size = Size()
        for selection in selections.selections if selections else ():
            size += self._of_selection(selection, nesting + 1)
        return size

    def _of_selection(self, selection: SelectionNode, nesting: int) -> Size:
        own = Size(directives=len(selection.directives or ()))
        if isinstance(selection, FragmentSpreadNode):
            return own + self.of_fragment(selection.name.value, nesting)
        inner = own + self._of_selections(getattr(selection, "selection_set", None), nesting)
        if not isinstance(selection, FieldNode):
            return inner
        deep = 0 if selection.name.value in INTROSPECTION else inner.depth
        aliased = 1 if selection.alias else 0
        return Size(deep + 1, inner.aliases + aliased, inner.directives, inner.fields + 1)


class Costs:
    """Counts what an operation may cost with its variables, which say how long pages are."""

    def __init__(self, document: DocumentNode, variables: Variables) -> None:
        self._fragments = _fragments(document)
        self._variables = variables
        self._counted: dict[str, Cost] = {}

    def of_operation(self, operation: OperationDefinitionNode) -> int:
        cost = self._of_selections(operation.selection_set)
        return cost.once + cost.each * PAGE_SIZE

    def _of_selections(self, selections: SelectionSetNode | None) -> Cost:
        cost = Cost()
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                cost += self._of_field(selection)
            elif isinstance(selection, FragmentSpreadNode):
                cost += self._of_fragment(selection.name.value)
            else:
                cost += self._of_selections(getattr(selection, "selection_set", None))
        return cost

    def _of_fragment(self, name: str) -> Cost:
        if name not in self._counted:
            self._counted[name] = Cost()
            fragment = self._fragments.get(name)
            if fragment is not None:
                self._counted[name] = self._of_selections(fragment.selection_set)
        return self._counted[name]

    def _of_field(self, field: FieldNode) -> Cost:
        name = field.name.value
        inner = self._of_selections(field.selection_set)
        own = COSTS.get(name, 1 if field.selection_set else 0)
        arguments = {argument.name.value: argument for argument in field.arguments or ()}
        of_item = own + inner.once + inner.each * PAGE_SIZE_MAX
        if "ids" in arguments:
            return Cost(once=of_item * self._items(arguments["ids"]))
        if name in ITEMS:
            return Cost(each=of_item)
        if name in LISTS:
            return Cost(once=of_item * self._page_size(arguments))
        return Cost(once=own + inner.once + inner.each * self._page_size(arguments))

    def _page_size(self, arguments: Mapping[str, ArgumentNode]) -> int:
        size = self._value(arguments.get("first"))
        if size is None:
            size = self._value(arguments.get("last"))
        if size is None:
            return PAGE_SIZE
        # What is no size is refused later, and costs nothing then.
        return min(max(size, 0), PAGE_SIZE_MAX) if isinstance(size, int) else PAGE_SIZE_MAX

    def _value(self, argument: ArgumentNode | None) -> object:
        match argument:
            case ArgumentNode(value=IntValueNode() as number):
                return literal(number)
            case ArgumentNode(value=VariableNode(name=name)):
                return self._variables.get(name.value)
            case _:
                return None

    def _items(self, argument: ArgumentNode) -> int:
        value = literal(argument.value) or self._value(argument)
        return len(value) if isinstance(value, list) else 1


def check_sizes(document: DocumentNode) -> None:
    """Return if every operation, and every fragment, is within the limits.

    :raises TooComplex: one is not
    """
    if len(document.definitions) > DEFINITIONS_MAX:
        message = f"The document has more than {DEFINITIONS_MAX} operations and fragments."
        raise TooComplex(message, limit=DEFINITIONS_MAX)
    sizes = Sizes(document)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            _check(sizes.of_operation(definition))
        elif isinstance(definition, FragmentDefinitionNode):
            # How deep it is depends on where it is spread; introspection's are deep.
            _check(replace(sizes.of_fragment(definition.name.value), depth=0))


def check_variables(variables: Variables) -> None:
    """Return if the variables are no larger than a document could be.

    :raises TooComplex: they are
    """
    level: list[object] = list(variables.values())
    counted = 0
    for _ in range(VALUES_NESTING_MAX + 1):
        counted += len(level)
        if counted > VALUES_MAX:
            raise TooComplex(f"The variables have more than {VALUES_MAX} values.", limit=VALUES_MAX)
        if not level:
            return
        level = [inner for value in level for inner in _within(value)]
    raise TooComplex(
        f"The variables are nested more than {VALUES_NESTING_MAX} deep.", limit=VALUES_NESTING_MAX
    )


def _within(value: object) -> Iterable[object]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
        case _:
            return ()


def check_cost(cost: int) -> None:
    """Return if an operation's cost is within the limit.

    :raises TooComplex: it is not
    """
    if cost > COST_MAX:
        raise TooComplex(
            f"The operation's cost is {cost}; at most {COST_MAX} is allowed.",
            limit=COST_MAX,
            requested=cost if cost.bit_length() < PRINTABLE_BITS else None,
        )


def literal(node: object) -> object:
    """Return a number, or a list of nothing in particular but the right length, of a text."""
    match node:
        case IntValueNode(value=text):
            # Python refuses to read numbers of thousands of digits.
            return int(text) if len(text) <= INT_CHARACTERS_MAX else PAGE_SIZE_MAX
        case ListValueNode(values=values):
            return [None] * len(values)
        case _:
            return None


def _check(size: Size) -> None:
    measured: Iterable[tuple[str, int, int]] = (
        ("depth", size.depth, DEPTH_MAX),
        ("number of aliases", size.aliases, ALIASES_MAX),
        ("number of directives", size.directives, DIRECTIVES_MAX),
        ("number of fields", size.fields, FIELDS_MAX),
    )
    for what, found, limit in measured:
        if found > limit:
            raise TooComplex(f"The document's {what} is more than {limit}.", limit=limit)


def _check_nesting(nesting: int) -> None:
    if nesting > NESTING_MAX:
        raise TooComplex(f"The document is nested more than {NESTING_MAX} deep.", limit=NESTING_MAX)


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }

"""Documents: parsed, measured and validated once for each text."""

from collections import OrderedDict
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)
from graphql.validation import (
    NoSchemaIntrospectionCustomRule,
    OverlappingFieldsCanBeMergedRule,
    specified_rules,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from api.errors import Code, Refusal, TooComplex, coded
from api.execution.plans import Plans, is_conditional
from api.limits import TOKENS_MAX, Costs, Variables, check_cost, check_sizes, literal
from api.repeats import check_repeats

# What stands between tokens is read too.
TEXT_CHARACTERS_MAX = 64 * 1024
CACHED_MAX = 500
CACHED_CHARACTERS_MAX = 16 * 1024
# Of all together: parsed, a character takes 160 bytes, and anybody may send documents.
CACHED_CHARACTERS_TOTAL_MAX = 512 * 1024
# How the parser ends its message when a text is too long or too deep for it.
ABORTED = "Parsing aborted."

# Finding what was perhaps meant takes a millisecond for each error.
ERRORS_MAX = 10

# What compares fields with one another comes last: it takes a time that grows with their square.
COMPARING = (OverlappingFieldsCanBeMergedRule,)
RULES = (
    *(rule for rule in specified_rules if rule not in COMPARING),
    MaybeNullValidationRule,
    OneOfInputValidationRule,
)


class InvalidDocument(Exception):
    """The text cannot be executed; `errors` say why, each with its code."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        self.errors = errors
        super().__init__("; ".join(error.message for error in errors))


@dataclass(slots=True)
class Operation:
    """One operation of a document, and what it costs."""

    document: "Document"
    node: OperationDefinitionNode
    _cost: int | None = None
    _plans: Plans = field(default_factory=Plans)

    @property
    def type(self) -> OperationType:
        return self.node.operation

    @property
    def name(self) -> str | None:
        return self.node.name.value if self.node.name else None

    @property
    def plans(self) -> Plans:
        """Return the plans for an execution, which outlive it unless it decides on selections."""
        return Plans() if self.document.is_conditional else self._plans

    def cost(self, variables: Variables) -> int:
        """Return what the operation may cost.

        :raises TooComplex: that is too much
        """
        if self._cost is None or self.node.variable_definitions:
            self._cost = Costs(self.document.node, self._filled(variables)).of_operation(self.node)
        check_cost(self._cost)
        return self._cost

    def _filled(self, variables: Variables) -> dict[str, object]:
        defaults = {
            definition.variable.name.value: literal(definition.default_value)
            for definition in self.node.variable_definitions or ()
            if definition.default_value is not None
        }
        return {**defaults, **variables}


@dataclass(slots=True)
class Document:
    """A valid document.

    is_conditional: variables may decide on what it selects.
    introspection: what to tell callers who may not ask for the schema.
    """

    text: str
    node: DocumentNode
    is_conditional: bool
    operations: list[Operation] = field(default_factory=list)
    introspection: list[GraphQLError] = field(default_factory=list)

    def operation(self, name: str | None) -> Operation:
        """Return the operation of that name; without a name, the only one.

        :raises Refusal: there is none, or there are several
        """
        found = [one for one in self.operations if name is None or one.name == name]
        if len(found) == 1:
            return found[0]
        reason = "Name one operation." if found else "There is no such operation."
        raise Refusal(Code.OPERATION_RESOLUTION_FAILURE, reason)

    def check_introspection(self, *, explained: bool) -> None:
        """Return if it does not ask for the schema, or may.

        :raises InvalidDocument: it does, and may not
        """
        if self.introspection and not explained:
            raise InvalidDocument(self.introspection)


class Documents:
    """The documents of one schema; those used last are kept."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._cached: OrderedDict[str, Document] = OrderedDict()
        self._cached_characters = 0

    def known(self, text: str) -> Document | None:
        """Return the document with this text if it need not be judged."""
        document = self._cached.get(text)
        if document is not None:
            self._cached.move_to_end(text)
        return document

    def get(self, text: str, *, explained: bool = True) -> Document:
        """Return the document with this text, whoever may run it.

        explained: whether errors may say what was perhaps meant.

        :raises InvalidDocument: there is none
        """
        if (document := self.known(text)) is not None:
            return document
        document = self._made(text, explained)
        if len(text) <= CACHED_CHARACTERS_MAX:
            self._keep(document)
        return document

    def _keep(self, document: Document) -> None:
        self._cached[document.text] = document
        self._cached_characters += len(document.text)
        while (
            len(self._cached) > CACHED_MAX or self._cached_characters > CACHED_CHARACTERS_TOTAL_MAX
        ):
            text, _ = self._cached.popitem(last=False)
            self._cached_characters -= len(text)

    def _made(self, text: str, explained: bool) -> Document:
        try:
            node = _parsed(text)
            check_sizes(node)
            errors = self._errors(node, explained)
        except RecursionError:
            raise InvalidDocument([TooComplex("The document is nested too deeply.")]) from None
        except Refusal as refusal:
            raise InvalidDocument([refusal]) from None
        if errors:
            raise InvalidDocument(_failed(errors))
        document = Document(
            text,
            node,
            is_conditional(node),
            introspection=_failed(self._introspection(node)),
        )
        document.operations = [
            Operation(document, definition)
            for definition in node.definitions
            if isinstance(definition, OperationDefinitionNode)
        ]
        return document

    def _errors(self, node: DocumentNode, explained: bool) -> list[GraphQLError]:
        hide = not explained
        errors = validate(self._schema, node, RULES, ERRORS_MAX, hide_suggestions=hide)
        if not errors:
            check_repeats(node)
            errors = validate(self._schema, node, COMPARING, ERRORS_MAX, hide_suggestions=hide)
        return errors

    def _introspection(self, node: DocumentNode) -> list[GraphQLError]:
        return validate(self._schema, node, [NoSchemaIntrospectionCustomRule])


def _failed(errors: list[GraphQLError]) -> list[GraphQLError]:
    return [coded(error, Code.GRAPHQL_VALIDATION_FAILED) for error in errors]


def _parsed(text: str) -> DocumentNode:
    if len(text) > TEXT_CHARACTERS_MAX:
        message = f"The document has more than {TEXT_CHARACTERS_MAX} characters."
        raise TooComplex(message, limit=TEXT_CHARACTERS_MAX)
    try:
        return parse(text, max_tokens=TOKENS_MAX)
    except GraphQLSyntaxError as error:
        if error.message.endswith(ABORTED):
            raise TooComplex(
                f"The document has more than {TOKENS_MAX} tokens, or is nested too deeply."
            ) from None
        raise InvalidDocument([coded(error, Code.GRAPHQL_PARSE_FAILED)]) from None
    except GraphQLError as error:
        raise InvalidDocument([coded(error, Code.GRAPHQL_PARSE_FAILED)]) from None

"""Whether a document may be registered, and whether a registered one still fits a schema."""

from dataclasses import dataclass

from graphql import GraphQLError, GraphQLSchema, build_schema

from api.documents import Document, Documents, InvalidDocument
from api.errors import Refusal
from domain.documents.rules import (
    NAME_CHARACTERS_MAX,
    Registration,
    Unregistrable,
    check_document,
)

NAMELESS = "anonymous"
NAMES_SHOWN = 5


class UnreadableSchema(Exception):
    """The text is no schema; the message says why."""


@dataclass(frozen=True, slots=True)
class Review:
    """Reviews documents against one schema, which may be another than the one that is served."""

    documents: Documents

    @classmethod
    def against(cls, schema: GraphQLSchema) -> "Review":
        return cls(Documents(schema))

    @classmethod
    def against_text(cls, text: str) -> "Review":
        """Return the review of a schema in its own language.

        :raises UnreadableSchema: it is none
        """
        try:
            return cls.against(build_schema(text))
        except (GraphQLError, TypeError) as error:
            raise UnreadableSchema(str(error)) from error

    def fault(self, text: str) -> str | None:
        """Return why a document cannot be run against the schema, or None if it can be."""
        try:
            _cost(self.documents.get(text))
        except InvalidDocument as invalid:
            return str(invalid)
        except Refusal as refusal:
            return refusal.message
        return None

    def registration(self, text: str, *, name: str | None = None) -> Registration:
        """Return the document as it may be registered.

        name: its operations' names by default.

        :raises Unregistrable: it must not be
        """
        check_document(name or NAMELESS, text)
        try:
            document = self.documents.get(text)
            cost = _cost(document)
        except InvalidDocument as invalid:
            raise Unregistrable(str(invalid)) from invalid
        except Refusal as refusal:
            raise Unregistrable(refusal.message) from refusal
        operations = [operation.name or NAMELESS for operation in document.operations]
        if not operations:
            raise Unregistrable("it has no operation")
        return Registration(name or _joined(operations), text, operations, cost)


def _cost(document: Document) -> int:
    """Return what the dearest operation may cost without variables.

    :raises TooComplex: that is too much
    """
    return max((operation.cost({}) for operation in document.operations), default=0)


def _joined(operations: list[str]) -> str:
    more = len(operations) - NAMES_SHOWN
    shown = ", ".join(operations[:NAMES_SHOWN])
    return (f"{shown} and {more} more" if more > 0 else shown)[:NAME_CHARACTERS_MAX]

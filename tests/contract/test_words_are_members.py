"""What resolvers get for words of the schema: members, not the names that clients write."""

from graphql import GraphQLEnumType
from strawberry.types.enum import StrawberryEnumDefinition

from api.root import api_schema
from db.enums import InvoiceLanguage


def test_every_word_of_the_schema_is_a_member_of_its_enum() -> None:
    schema = api_schema()

    found = {
        (name, type(value.value))
        for name, kind in schema._schema.type_map.items()
        if isinstance(kind, GraphQLEnumType) and not name.startswith("__")
        for value in kind.values.values()
    }

    expected = {
        (name, known.definition.wrapped_cls)
        for name, known in schema.schema_converter.type_map.items()
        if isinstance(known.definition, StrawberryEnumDefinition)
    }
    assert found == expected
    assert ("InvoiceLanguage", InvoiceLanguage) in found

"""Documents that the engine refuses, and why."""

from graphql import GraphQLError

from api.documents import InvalidDocument
from api.engine import Engine
from api.requests import Request


def refusals(engine: Engine, text: str, **variables: object) -> list[str]:
    """Return the codes of the errors that keep a text from being executed."""
    try:
        engine.prepare(Request(text, variables))
    except InvalidDocument as invalid:
        return sorted({code_of(error) for error in invalid.errors})
    return []


def code_of(error: GraphQLError) -> str:
    assert error.extensions is not None
    return str(error.extensions["code"])

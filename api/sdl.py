"""The schema as text, as it stands in schema.graphql."""

from api.root import api_schema


def sdl() -> str:
    return api_schema().as_str().rstrip("\n") + "\n"

"""The schema as text, as it stands in schema.graphql."""

from api.root import ApiSchema


def sdl() -> str:
    return ApiSchema(production=False).as_str().rstrip("\n") + "\n"

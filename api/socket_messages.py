"""What messages on a socket say."""

from collections.abc import Sequence

from graphql import GraphQLError

from api.auth import COMPANY_HEADER
from api.errors import formatted
from api.outcomes import Outcome

OPERATION_ID_CHARACTERS_MAX = 128


class Malformed(Exception):
    """What the other side said is no message."""


def credentials(payload: object) -> tuple[str | None, ...]:
    """Return authorization, company and locale of connection_init, which may be named as headers.

    :raises Malformed: the payload is nothing that has them
    """
    match payload:
        case None:
            return None, None, None
        case dict():
            # GraphiQL sends the headers that it was given.
            given = {str(name).lower(): value for name, value in payload.items()}
            company = given.get("company", given.get(COMPANY_HEADER.lower()))
            locale = given.get("locale", given.get("accept-language"))
            found = (given.get("authorization"), company, locale)
            if all(isinstance(one, str | None) for one in found):
                return found
    raise Malformed("Invalid connection init payload")


def checked(id: str) -> str:
    if not 0 < len(id) <= OPERATION_ID_CHARACTERS_MAX:
        raise Malformed(f"An id has 1 to {OPERATION_ID_CHARACTERS_MAX} characters")
    return id


def next_event(id: str, outcome: Outcome) -> dict[str, object]:
    payload: dict[str, object] = {"data": outcome.data}
    if outcome.errors:
        payload["errors"] = [formatted(error) for error in outcome.errors]
    if outcome.extensions:
        payload["extensions"] = outcome.extensions
    return {"id": id, "type": "next", "payload": payload}


def error_event(id: str, errors: Sequence[GraphQLError]) -> dict[str, object]:
    return {"id": id, "type": "error", "payload": [formatted(error) for error in errors]}

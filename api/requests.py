"""What a client may send for execution, the same over HTTP and over sockets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.errors import Code, Refusal
from domain.documents.rules import PREFIX, hash_named_by, hash_of


class MalformedRequest(Exception):
    """What came is no request of GraphQL; the message says why."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client wants executed.

    text: empty where only `document_hash`, a registered document's, says what.
    """

    text: str
    variables: Mapping[str, Any] | None = None
    operation_name: str | None = None
    document_hash: bytes | None = None


def request_of(parameters: Mapping[str, object]) -> Request:
    """Return what the parameters ask for.

    :raises MalformedRequest: they are no request
    :raises Refusal: they are one that cannot be meant
    """
    text, name = parameters.get("query"), parameters.get("operationName")
    if not isinstance(text, str | None):
        raise MalformedRequest("`query` must be a text.")
    if not isinstance(name, str | None):
        raise MalformedRequest("`operationName` must be a text or null.")
    variables = _object(parameters, "variables")
    extensions = _object(parameters, "extensions")
    document_hash = _document_hash(parameters.get("documentId"), extensions or {})
    if document_hash is None:
        if text is None:
            raise MalformedRequest("`query` must be a text, or `documentId` a document's.")
        return Request(text, variables, name)
    if text and hash_of(text) != document_hash:
        raise Refusal(Code.BAD_REQUEST, "The document's hash is not that of `query`.")
    return Request(text or "", variables, name, document_hash)


def _object(parameters: Mapping[str, object], name: str) -> dict[str, Any] | None:
    value = parameters.get(name)
    if not isinstance(value, dict | None):
        raise MalformedRequest(f"`{name}` must be an object or null.")
    return value


def _document_hash(document_id: object, extensions: Mapping[str, object]) -> bytes | None:
    if document_id is None:
        return _hash_of_apollo(extensions.get("persistedQuery"))
    if not isinstance(document_id, str):
        raise MalformedRequest("`documentId` must be a text or null.")
    document_hash = hash_named_by(document_id)
    if document_hash is None or not document_id.startswith(PREFIX):
        expected = f"`{PREFIX}` and 64 lower-case hexadecimal digits"
        raise Refusal(Code.BAD_REQUEST, f"`documentId` must be {expected}.")
    return document_hash


def _hash_of_apollo(persisted: object) -> bytes | None:
    match persisted:
        case None:
            return None
        case {"version": 1, "sha256Hash": str(text)} if not text.startswith(PREFIX):
            document_hash = hash_named_by(text)
            if document_hash is not None:
                return document_hash
    expected = "`version` 1 and a `sha256Hash` of 64 lower-case hexadecimal digits"
    raise Refusal(Code.BAD_REQUEST, f"`extensions.persistedQuery` must have {expected}.")

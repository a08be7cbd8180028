"""The lists of documents that front ends' tools write. Not here: whether a document is valid."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from domain.documents.rules import PREFIX, hash_of

MANIFEST_BYTES_MAX = 32 * 1024 * 1024
APOLLO_FORMAT = "apollo-persisted-query-manifest"
APOLLO_VERSION = 1

_DIGESTS = {32: "md5", 40: "sha1", 64: "sha256"}
_HEX = re.compile("[0-9a-f]+", re.ASCII)


class Tool(StrEnum):
    """What wrote a manifest."""

    GRAPHQL_CODEGEN = "graphql-codegen"
    APOLLO = "apollo"
    RELAY = "relay"


class UnreadableManifest(Exception):
    """The text is none of the known manifests; the message says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A document of a manifest. label: what the manifest calls it; name: None where it has none.

    fault: why it cannot be taken as it stands there; its text is empty where there is none.
    """

    label: str
    name: str | None
    text: str
    fault: str | None = None


def entries(raw: bytes, *, tool: Tool | None = None) -> list[Entry]:
    """Return the documents of a manifest in their order, with what is wrong about their ids.

    tool: what wrote it; without it, the manifest's shape tells.

    :raises UnreadableManifest: there is nothing to be read
    """
    if len(raw) > MANIFEST_BYTES_MAX:
        raise UnreadableManifest(f"it is larger than {MANIFEST_BYTES_MAX} bytes")
    try:
        manifest = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise UnreadableManifest(f"it is not JSON: {error}") from error
    if not isinstance(manifest, dict) or not manifest:
        raise UnreadableManifest("it has to be one JSON object with documents")
    tool = tool or _tool_of(manifest)
    found = list(_of_apollo(manifest) if tool is Tool.APOLLO else _of_texts(manifest, tool))
    if not found:
        raise UnreadableManifest("it has no documents")
    return found


def _tool_of(manifest: Mapping[str, Any]) -> Tool:
    if "format" in manifest or "operations" in manifest:
        return Tool.APOLLO
    # Relay's ids are MD5 unless it is told otherwise, or are given out by a server.
    if all(_digest_of(label) == "md5" or label.isdigit() for label in manifest):
        return Tool.RELAY
    return Tool.GRAPHQL_CODEGEN


def _of_apollo(manifest: Mapping[str, Any]) -> Iterator[Entry]:
    operations = manifest.get("operations")
    known = manifest.get("format") == APOLLO_FORMAT and manifest.get("version") == APOLLO_VERSION
    if not known or not isinstance(operations, list):
        expected = f"an {APOLLO_FORMAT} of version {APOLLO_VERSION} with operations"
        raise UnreadableManifest(f"expected {expected}")
    for number, operation in enumerate(operations, start=1):
        match operation:
            case {"id": str(id), "name": str(name), "body": str(text)}:
                yield Entry(name, name, text, _own_hash_fault(id, text))
            case _:
                yield Entry(f"operation {number}", None, "", "expected texts id, name and body")


def _of_texts(manifest: Mapping[str, Any], tool: Tool) -> Iterator[Entry]:
    fault_of = _hash_fault if tool is Tool.RELAY else _own_hash_fault
    for label, text in manifest.items():
        if isinstance(text, str):
            yield Entry(label, None, text, fault_of(label, text))
        else:
            yield Entry(label, None, "", "expected a text")


def _own_hash_fault(id: str, text: str) -> str | None:
    """Return why a client that sends this id as it is would not be understood."""
    bare = id.removeprefix(PREFIX)
    if bare == hash_of(text).hex():
        return None
    algorithm = _digest_of(bare)
    if algorithm in {"md5", "sha1"}:
        return f"the id is of {algorithm.upper()}; have the tool hash by SHA-256"
    return "the id is not the SHA-256 of the text"


def _hash_fault(id: str, text: str) -> str | None:
    """Return why the text is not the one that the id, if it is a hash, was made of."""
    bare = id.removeprefix(PREFIX)
    algorithm = _digest_of(bare)
    if algorithm is None:
        return None
    digest = hashlib.new(algorithm, text.encode(), usedforsecurity=False).hexdigest()
    return None if digest == bare else f"the id is not the {algorithm.upper()} of the text"


def _digest_of(id: str) -> str | None:
    """Return by which algorithm an id may have been made."""
    return _DIGESTS.get(len(id)) if _HEX.fullmatch(id) else None

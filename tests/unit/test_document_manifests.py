"""What the manifests of front ends' tools say, and what is wrong about them."""

import hashlib
import json

import pytest

from domain.documents.manifests import Entry, Tool, UnreadableManifest, entries
from domain.documents.rules import Unregistrable, check_document, document_id, hash_named_by

METERS = "query Meters { meters { totalCount } }"
SHA256 = hashlib.sha256(METERS.encode()).hexdigest()
SHA1 = hashlib.sha1(METERS.encode(), usedforsecurity=False).hexdigest()
MD5 = hashlib.md5(METERS.encode(), usedforsecurity=False).hexdigest()
OTHER = "f" * 64


def manifest(**content: object) -> bytes:
    return json.dumps(content).encode()


def apollo(*operations: object, version: int = 1) -> bytes:
    return manifest(
        format="apollo-persisted-query-manifest", version=version, operations=operations
    )


def operation(id: str = SHA256) -> dict[str, str]:
    return {"id": id, "name": "Meters", "type": "query", "body": METERS}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(manifest(**{SHA256: METERS}), Entry(SHA256, None, METERS), id="codegen"),
        pytest.param(
            manifest(**{f"sha256:{SHA256}": METERS}),
            Entry(f"sha256:{SHA256}", None, METERS),
            id="codegen with the algorithm's name",
        ),
        pytest.param(apollo(operation()), Entry("Meters", "Meters", METERS), id="Apollo"),
        pytest.param(manifest(**{MD5: METERS}), Entry(MD5, None, METERS), id="Relay"),
        pytest.param(manifest(**{"4711": METERS}), Entry("4711", None, METERS), id="Relay by ids"),
    ],
)
def test_a_manifest_is_known_by_its_shape(raw: bytes, expected: Entry) -> None:
    assert entries(raw) == [expected]


@pytest.mark.parametrize(
    ("raw", "tool", "fault"),
    [
        pytest.param(
            manifest(**{OTHER: METERS}), None, "the id is not the SHA-256 of the text", id="codegen"
        ),
        pytest.param(
            manifest(**{SHA1: METERS}),
            None,
            "the id is of SHA1; have the tool hash by SHA-256",
            id="codegen as it hashes by default",
        ),
        pytest.param(
            apollo(operation(OTHER)), None, "the id is not the SHA-256 of the text", id="Apollo"
        ),
        pytest.param(
            apollo({"id": SHA256}), None, "expected texts id, name and body", id="no body"
        ),
        pytest.param(
            manifest(**{"f" * 32: METERS}), None, "the id is not the MD5 of the text", id="Relay"
        ),
        pytest.param(
            manifest(**{"f" * 40: METERS}),
            Tool.RELAY,
            "the id is not the SHA1 of the text",
            id="Relay by SHA-1",
        ),
        pytest.param(manifest(**{SHA256: 7}), None, "expected a text", id="no text"),
    ],
)
def test_a_wrong_entry_is_told_by_its_fault(raw: bytes, tool: Tool | None, fault: str) -> None:
    assert [entry.fault for entry in entries(raw, tool=tool)] == [fault]


def test_a_wrong_entry_leaves_the_others_as_they_are() -> None:
    found = entries(manifest(**{SHA256: METERS, OTHER: METERS}))

    assert [entry.fault is None for entry in found] == [True, False]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        pytest.param(b"{", "it is not JSON", id="no JSON"),
        pytest.param(b"[]", "it has to be one JSON object with documents", id="a list"),
        pytest.param(b"{}", "it has to be one JSON object with documents", id="empty"),
        pytest.param(apollo(), "it has no documents", id="Apollo's, empty"),
        pytest.param(apollo(operation(), version=2), "of version 1", id="a later version"),
        pytest.param(manifest(operations=[]), "expected an apollo-persisted", id="no format"),
    ],
)
def test_what_is_no_manifest_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(UnreadableManifest, match=reason):
        entries(raw)


def test_an_id_names_a_hash_with_and_without_its_prefix() -> None:
    expected = bytes.fromhex(SHA256)

    assert hash_named_by(SHA256) == hash_named_by(f"sha256:{SHA256}") == expected
    assert document_id(expected) == f"sha256:{SHA256}"
    for text in ("", SHA256[1:], SHA256.upper(), f"sha512:{SHA256}", f"{SHA256}\n"):
        assert hash_named_by(text) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("", METERS, id="no name"),
        pytest.param(" Meters", METERS, id="space before the name"),
        pytest.param("M" * 201, METERS, id="long name"),
        pytest.param("Me\nters", METERS, id="two lines"),
        pytest.param("Meters", "", id="no text"),
        pytest.param("Meters", "#\0", id="zero character"),
        pytest.param("Meters", "#" * 65_537, id="long text"),
    ],
)
def test_a_name_and_a_text_have_their_limits(name: str, text: str) -> None:
    with pytest.raises(Unregistrable):
        check_document(name, text)

    check_document("M" * 200, "#" * 65_536)

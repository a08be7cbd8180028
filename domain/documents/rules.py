"""What a registered document is known by, and how large it may be. Pure."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from domain.refusals import Refused

PREFIX = "sha256:"
PARTNER_CHARACTERS_MAX = 100
NAME_CHARACTERS_MAX = 200
TEXT_BYTES_MAX = 64 * 1024
LIVE_MAX = 10_000
AT_ONCE_MAX = 2_000

_ID = re.compile(rf"(?:{PREFIX})?([0-9a-f]{{64}})", re.ASCII)


class Unregistrable(Refused):
    """A document cannot be registered as it is."""

    def __init__(self, reason: str, *path: str) -> None:
        super().__init__(*path, reason=reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True, slots=True)
class Registration:
    """A document that fits the schema. cost: what it may cost without variables."""

    name: str
    text: str
    operations: Sequence[str]
    cost: int

    @property
    def text_hash(self) -> bytes:
        return hash_of(self.text)


def hash_of(text: str) -> bytes:
    """Return the SHA-256 of the exact text."""
    return hashlib.sha256(text.encode()).digest()


def document_id(hash: bytes) -> str:
    """Return what clients name the document by."""
    return PREFIX + hash.hex()


def hash_named_by(text: str) -> bytes | None:
    """Return the hash that an id names, with its prefix or without; None if it is no id."""
    found = _ID.fullmatch(text)
    return None if found is None else bytes.fromhex(found[1])


def check_partner(partner: str) -> None:
    """Return if it may stand for a partner.

    :raises Unregistrable: it may not
    """
    _check_label("partner", partner, PARTNER_CHARACTERS_MAX)


def check_document(name: str, text: str) -> None:
    """Return if they may be the name and the text of a document.

    :raises Unregistrable: they may not
    """
    _check_label("name", name, NAME_CHARACTERS_MAX)
    if "\0" in text:
        raise Unregistrable("the text has a zero character", "text")
    if not 0 < len(text.encode()) <= TEXT_BYTES_MAX:
        raise Unregistrable(f"the text has to have 1 to {TEXT_BYTES_MAX} bytes", "text")


def _check_label(what: str, label: str, characters_max: int) -> None:
    if not label.isprintable() or label != label.strip():
        raise Unregistrable(f"the {what} has to be printable, without spaces around it", what)
    if not 0 < len(label) <= characters_max:
        raise Unregistrable(f"the {what} has to have 1 to {characters_max} characters", what)

"""The chain of daily entries: how it is hashed, and what breaks it. Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import orjson

# What an entry is hashed by says which columns that is, in this order.
FORMAT = "wattledger daily entry 1"
COLUMNS = (
    "company_id",
    "id",
    "recorded_at",
    "kind",
    "object_type",
    "object_id",
    "actor_kind",
    "user_id",
    "key_id",
    "actor_name",
    "role",
    "address",
    "request_id",
    "database_role",
    "before",
    "after",
)
BEGINNING = bytes(32)


class Break(StrEnum):
    """What somebody has done to the chain."""

    ALTERED = "ALTERED"
    MISSING = "MISSING"
    REORDERED = "REORDERED"
    CUT = "CUT"
    UNSEALED = "UNSEALED"


@dataclass(frozen=True, slots=True)
class Seal:
    """A link: `digest` is the entry's own hash, `hash` covers it and all before it."""

    number: int
    entry_id: int
    digest: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Sealed:
    """A link and the digest of the entry as it is now; None when the entry is gone.

    is_forgotten: a later entry of the chain says that it went when its retention was over.
    """

    seal: Seal
    digest_now: bytes | None
    is_forgotten: bool = False


@dataclass(frozen=True, slots=True)
class Broken:
    """The first place where the chain does not hold."""

    kind: Break
    number: int
    entry_id: int | None


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain stands: the number and the hash of its newest link."""

    number: int = 0
    hash: bytes = BEGINNING


def digest(values: Iterable[object]) -> bytes:
    """Return the hash of an entry. values: of `COLUMNS`, in JSON's types; instants are aware."""
    return hashlib.sha256(orjson.dumps([FORMAT, *values])).digest()


def linked(previous: bytes, digest: bytes) -> bytes:
    """Return the hash that covers an entry and all before it."""
    return hashlib.sha256(previous + digest).digest()


def check(links: Iterable[Sealed], head: Head) -> Head | Broken:
    """Follow links in the order of their numbers, on from `head`; stop where one does not hold."""
    for link in links:
        seal = link.seal
        if seal.number != head.number + 1:
            return Broken(Break.MISSING, head.number + 1, None)
        if link.digest_now is None and not link.is_forgotten:
            return Broken(Break.MISSING, seal.number, seal.entry_id)
        if link.digest_now not in (None, seal.digest):
            return Broken(Break.ALTERED, seal.number, seal.entry_id)
        if linked(head.hash, seal.digest) != seal.hash:
            return Broken(Break.REORDERED, seal.number, seal.entry_id)
        head = Head(seal.number, seal.hash)
    return head

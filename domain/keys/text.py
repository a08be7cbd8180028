"""How an API key reads: `wlk_`, its number, `_`, its secret, and a checksum of all that.

The checksum tells a key from a typo without looking anything up, also for programs that search
texts for lost secrets. It proves nothing.
"""

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass

from db.ids import KeyId

PREFIX = "wlk_"
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
# 32 characters of 62 are 190 bits.
SECRET_CHARACTERS = 32
CHECKSUM_CHARACTERS = 6
ID_MAX = 2**63 - 1

_KEY = re.compile(
    rf"({PREFIX}([0-9A-Za-z]{{1,11}})_([0-9A-Za-z]{{{SECRET_CHARACTERS}}}))"
    rf"([0-9A-Za-z]{{{CHECKSUM_CHARACTERS}}})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class KeyText:
    """What a key says: which one it is, and the secret that proves it."""

    key_id: KeyId
    secret: str


def new_secret() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(SECRET_CHARACTERS))


def hash_of_secret(secret: str) -> bytes:
    """Return what is kept of a secret: it is too random for guesses, however fast they are."""
    return hashlib.sha256(secret.encode()).digest()


def shown_prefix(key_id: KeyId) -> str:
    """Return the part of a key that is no secret."""
    return f"{PREFIX}{_base62(key_id)}"


def written(key: KeyText) -> str:
    """Return the whole key, as its holder keeps it."""
    text = f"{shown_prefix(key.key_id)}_{key.secret}"
    return f"{text}{_checksum(text)}"


def is_key(text: str) -> bool:
    """Return whether a text means to be a key, and no other token."""
    return text.startswith(PREFIX)


def read(text: str) -> KeyText | None:
    """Return what a key says, or None if it cannot be one."""
    found = _KEY.fullmatch(text)
    if found is None or _checksum(found[1]) != found[4]:
        return None
    key_id = 0
    for character in found[2]:
        key_id = key_id * len(ALPHABET) + ALPHABET.index(character)
    return KeyText(KeyId(key_id), found[3]) if 0 < key_id <= ID_MAX else None


def _checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode())).rjust(CHECKSUM_CHARACTERS, ALPHABET[0])


def _base62(number: int) -> str:
    digits = ""
    while True:
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
        if number == 0:
            return digits

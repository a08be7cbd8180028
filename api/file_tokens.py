"""The right to send or fetch one file, as a text in its URL: signed, short-lived, for one purpose.

Whoever has the URL has the right; it is handed to its owner alone.
"""

import base64
import binascii
import hmac
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from db.ids import CompanyId, FileId

KEY_BYTES = 32
KEY_LABEL = b"wattledger: URLs of files"
# Purpose, company, file, size and the end in seconds since 1970.
CLAIMS = struct.Struct(">BIQQQ")
TOKEN_BYTES = CLAIMS.size + KEY_BYTES


class Purpose(IntEnum):
    """What a token is good for."""

    SEND = 1
    FETCH = 2
    INVOICE = 3


class InvalidFileToken(Exception):
    """We have not made it, or for something else."""


class FileTokenExpired(Exception):
    """We have made it, but it is too late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRight:
    """What a token says. size: the file's, in bytes. expires_at: to the second."""

    purpose: Purpose
    company_id: CompanyId
    file_id: FileId
    size: int
    expires_at: datetime


class FileTokens:
    """Signs rights to files and reads them back."""

    def __init__(self, secret: str) -> None:
        # A key of its own: what signs sessions must not sign URLs.
        kdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=KEY_LABEL)
        self._key = kdf.derive(secret.encode())

    def sign(self, right: FileRight) -> str:
        claims = CLAIMS.pack(
            right.purpose,
            right.company_id,
            right.file_id,
            right.size,
            int(right.expires_at.timestamp()),
        )
        return base64.urlsafe_b64encode(claims + self._signature(claims)).decode().rstrip("=")

    def read(self, text: str, purpose: Purpose, *, now: datetime) -> FileRight:
        """Return what the token says.

        :raises InvalidFileToken: it is forged, or for another purpose
        :raises FileTokenExpired: it is ours, but too old
        """
        packed = _decoded(text)
        claims, signature = packed[: CLAIMS.size], packed[CLAIMS.size :]
        if not hmac.compare_digest(signature, self._signature(claims)):
            raise InvalidFileToken
        said, company_id, file_id, size, seconds = CLAIMS.unpack(claims)
        if said != purpose:
            raise InvalidFileToken
        expires_at = datetime.fromtimestamp(seconds, UTC)
        if expires_at <= now:
            raise FileTokenExpired
        return FileRight(
            purpose=purpose,
            company_id=CompanyId(company_id),
            file_id=FileId(file_id),
            size=size,
            expires_at=expires_at,
        )

    def _signature(self, claims: bytes) -> bytes:
        return hmac.digest(self._key, claims, "sha256")


def _decoded(text: str) -> bytes:
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise InvalidFileToken from error
    if len(packed) != TOKEN_BYTES or len(text) > 2 * TOKEN_BYTES:
        raise InvalidFileToken
    return packed

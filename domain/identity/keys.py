"""What is derived from the deployment's one secret, a key for each purpose. Not here: passwords."""

import base64
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from db.ids import SessionId

KEY_BYTES = 32
NONCE_BYTES = 12


class Unsealable(Exception):
    """It was sealed under another secret, or for something else."""


class Keys:
    """Seals what has to be read again, and makes tokens that need not be kept to be known again."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._seal = AESGCM(self._key("seal"))
        self._links = self._key("links")
        self._sessions = self._key("sessions")

    def seal(self, plain: bytes, *, bound_to: str) -> bytes:
        """Return what only `unseal` with the same `bound_to` opens."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._seal.encrypt(nonce, plain, bound_to.encode())

    def unseal(self, sealed: bytes, *, bound_to: str) -> bytes:
        """Return what was sealed.

        :raises Unsealable: it was not, or not by this secret
        """
        try:
            return self._seal.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to.encode())
        except (InvalidTag, ValueError) as error:
            raise Unsealable(bound_to) from error

    def link_token(self, name: str) -> str:
        """Return the token of a link that is mailed: the same for the same name, and secret."""
        return _text(self._links, name)

    def next_secret(self, session_id: SessionId, secret: str) -> str:
        """Return what follows a session's secret: whoever shows the same one gets the same one."""
        return _text(self._sessions, f"{session_id}:{secret}")

    def _key(self, purpose: str) -> bytes:
        info = f"wattledger {purpose}".encode()
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self._secret)


def hashed(secret: str) -> bytes:
    """Return what is kept of a secret that nobody can guess."""
    return hashlib.sha256(secret.encode()).digest()


def _text(key: bytes, name: str) -> str:
    digest = hmac.digest(key, name.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")

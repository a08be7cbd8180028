"""Keys of people's data: one for each person, wrapped under the deployment's master key.

Who destroys a person's key makes everything that it sealed unreadable, in backups of the tables and
in daily entries too, as far as those do not hold the wrapped key itself.
"""

import hmac
import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from db.ids import CompanyId, SubscriberId

KEY_BYTES = 32
NONCE_BYTES = 12
INDEX_BYTES = 16
KEY_ID_BYTES = 4
COMPANIES_MAX = 1_000


class OtherMasterKey(Exception):
    """A person's key was wrapped under another master key: that one has to be given back."""


class PersonKey:
    """Seals and opens one person's data. Each text is bound to the person and to what it is."""

    def __init__(self, key: bytes, owner: str) -> None:
        self._cipher = AESGCM(key)
        self._owner = owner

    def seal(self, text: str, *, what: str) -> bytes:
        return self.seal_bytes(text.encode(), what=what)

    def seal_bytes(self, content: bytes, *, what: str) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, self._bound(what))

    def open(self, sealed: bytes, *, what: str) -> str:
        """Return a text that was sealed as the same thing of the same person.

        :raises cryptography.exceptions.InvalidTag: it was not
        """
        return self.open_bytes(sealed, what=what).decode()

    def open_bytes(self, sealed: bytes, *, what: str) -> bytes:
        """Return what was sealed as the same thing of the same person.

        :raises cryptography.exceptions.InvalidTag: it was not
        """
        nonce, cipher = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        return self._cipher.decrypt(nonce, cipher, self._bound(what))

    def _bound(self, what: str) -> bytes:
        return f"{what} of {self._owner}".encode()


class Keyring:
    """Makes and unwraps people's keys, and makes the blind indexes of their data.

    secret: the deployment's, at least 32 bytes that nobody can guess. Whoever loses it has lost
        the data of all people.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._master = AESGCM(self._derived("people's keys"))
        self.id = self._derived("id of the master key")[:KEY_ID_BYTES].hex()
        self._index_key = lru_cache(maxsize=COMPANIES_MAX)(
            lambda company_id: self._derived(f"blind index of company {company_id}")
        )

    def new_key(self, *, company_id: CompanyId, subscriber_id: SubscriberId) -> bytes:
        """Return a new key for a person, wrapped."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        owner = _owner(company_id, subscriber_id)
        key = AESGCM.generate_key(bit_length=KEY_BYTES * 8)
        return nonce + self._master.encrypt(nonce, key, owner.encode())

    def unwrapped(
        self, wrapped: bytes, *, company_id: CompanyId, subscriber_id: SubscriberId
    ) -> PersonKey:
        """Return a person's key.

        :raises OtherMasterKey: another master key wrapped it, or for somebody else
        """
        owner = _owner(company_id, subscriber_id)
        nonce, cipher = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        try:
            key = self._master.decrypt(nonce, cipher, owner.encode())
        except InvalidTag as error:
            raise OtherMasterKey(f"the key of {owner} is not wrapped under {self.id}") from error
        return PersonKey(key, owner)

    def blind(self, text: str, *, company_id: CompanyId, kind: str) -> bytes:
        """Return what a text is found by without being kept: the same for the same text and kind.

        Two companies never have the same for one text.
        """
        key = self._index_key(company_id)
        return hmac.digest(key, f"{kind}:{text}".encode(), "sha256")[:INDEX_BYTES]

    def _derived(self, purpose: str) -> bytes:
        info = f"wattledger {purpose}".encode()
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self._secret)


def _owner(company_id: CompanyId, subscriber_id: SubscriberId) -> str:
    return f"subscriber {subscriber_id} of company {company_id}"

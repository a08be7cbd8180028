"""Heads of the chains, signed, to be kept where nobody who can write to the database can reach.

The key is Ed25519 and comes from the secret that also signs tokens: whoever has the public half
can check a head without us. A new secret makes a new key; heads signed before need the old one.
"""

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from db.ids import CompanyId
from domain.audit.chain import Head
from domain.audit.verification import Verdict

ALGORITHM = "Ed25519"
LABEL = b"wattledger heads of daily entries 1"
TOKEN_CHARACTERS_MAX = 2_000


class ForgedHead(Exception):
    """The text is no head that was signed with this key."""


class HeadSigner:
    """Signs heads, and reads those that it signed.

    secret: the secret of tokens.
    """

    def __init__(self, secret: str) -> None:
        self._key = OKPKey.derive_key(secret, "Ed25519", kdf_options={"info": LABEL})

    @property
    def public_key(self) -> dict[str, object]:
        """Return the public key as a JWK."""
        return dict(self._key.as_dict(private=False))

    def sign(self, verdict: Verdict) -> str:
        """Return a head as a JWS of compact form: company, number, and hash in hexadecimal."""
        claims = {
            "company": verdict.company_id,
            "number": verdict.head.number,
            "hash": verdict.head.hash.hex(),
        }
        return jws.serialize_compact(
            {"alg": ALGORITHM}, orjson.dumps(claims), self._key, algorithms=[ALGORITHM]
        )

    def read(self, text: str) -> tuple[CompanyId, Head]:
        """Return whose head it is, and the head.

        :raises ForgedHead: it is none of ours
        """
        if len(text) > TOKEN_CHARACTERS_MAX:
            raise ForgedHead
        try:
            payload = jws.deserialize_compact(text, self._key, algorithms=[ALGORITHM]).payload
            claims = orjson.loads(payload)
            head = Head(int(claims["number"]), bytes.fromhex(claims["hash"]))
            return CompanyId(int(claims["company"])), head
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise ForgedHead from error

"""Calling with an API key instead of a session."""

import hmac
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from api.caller import NO_SESSION, NO_USER, Caller, CallingKey
from api.errors import Forbidden, Unauthenticated
from db.gathering import Gathering
from db.ids import CompanyId, KeyId
from domain.keys import operations, queries
from domain.keys.operations import USE_NOTED_EVERY
from domain.keys.queries import KeyRights
from domain.keys.rules import is_allowed
from domain.keys.text import hash_of_secret, read

# Of keys that end only when they are revoked.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
UNUSABLE = "This API key is unknown, has ended or may do nothing any more."


class KeyHolders:
    """Says who calls with a key, and what it may do now."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._rights = Gathering(self._rights_of)

    async def caller(self, text: str, *, company_id: CompanyId | None, address: str) -> Caller:
        """Return who calls with this key.

        company_id: where the caller means to act; None leaves it to the key.

        :raises Unauthenticated: it is no live key
        :raises Forbidden: it may not be used from there, or for that company
        """
        now = self._clock()
        key = read(text)
        found = None if key is None else await self._rights.ask(key.key_id)
        if key is None or found is None or not _is_proven(found, key.secret):
            raise Unauthenticated(UNUSABLE)
        if not is_allowed(address, found.addresses):
            raise Forbidden("This API key may not be used from your address.")
        if company_id not in {None, found.company_id}:
            raise Forbidden("This API key is of another company.")
        if found.last_used_at is None or now - found.last_used_at >= USE_NOTED_EVERY:
            await operations.note_use(company_id=found.company_id, key_id=found.key_id, now=now)
        caller = _caller(found)
        if caller is None:
            raise Unauthenticated(UNUSABLE)
        return caller

    async def renewed(self, key_id: KeyId) -> Caller | None:
        """Return who calls with a key that was proven before; None when it has ended."""
        found = await self._rights.ask(key_id)
        return None if found is None else _caller(found)

    async def _rights_of(self, key_ids: Sequence[KeyId]) -> dict[KeyId, KeyRights]:
        return await queries.rights_of(key_ids, now=self._clock())


def _is_proven(found: KeyRights, secret: str) -> bool:
    return hmac.compare_digest(found.secret_hash, hash_of_secret(secret))


def _caller(found: KeyRights) -> Caller | None:
    """Return the caller; None when its user may do nothing where the key is for."""
    if found.place is None:
        return None
    held = found.scopes if found.user_id is None else found.scopes & found.user_scopes
    return Caller(
        user_id=NO_USER,
        session_id=NO_SESSION,
        key=CallingKey(
            id=found.key_id,
            user_id=found.user_id,
            partner=found.partner,
            document_ids=found.document_ids,
            cost_max=found.cost_max,
            cost_per_s=found.cost_per_s,
        ),
        name=found.name,
        company_id=found.company_id,
        role=None,
        scopes=held,
        branch_id=found.place.branch_id,
        field_id=found.place.field_id,
        subscriber_id=found.place.subscriber_id,
        locale=found.locale,
        time_zone=found.time_zone,
        expires_at=found.expires_at or NEVER,
    )

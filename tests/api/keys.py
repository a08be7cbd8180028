"""API keys for tests of the API."""

from db.enums import Scope
from db.ids import CompanyId, KeyId, UserId
from domain.identity.rules import Place
from domain.keys import operations
from domain.keys.rules import Maker, NewKey
from domain.keys.text import KeyText, new_secret, written
from tests.api.web import User
from tests.factories import NOW

WHOEVER = Maker(scopes=frozenset(Scope), place=Place(), cost_max=20_000, cost_per_s=500)
KEY = NewKey(name="billing", scopes=frozenset({Scope.METERS_READ, Scope.COMPANY_READ}))


async def make_key(company_id: CompanyId, key: NewKey = KEY) -> tuple[KeyId, str]:
    """Make a key, and return its id and the key itself."""
    secret = new_secret()
    key_id = await operations.create(
        company_id=company_id, key=key, maker=WHOEVER, secret=secret, now=NOW
    )
    return key_id, written(KeyText(key_id, secret))


def holder(text: str) -> User:
    """Return whoever calls with a key."""
    return User(UserId(0), "", {"accessToken": text})

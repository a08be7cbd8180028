"""Keys of one company."""

from datetime import datetime

import asyncpg

from db import access
from db.enums import Scope
from db.ids import CompanyId, KeyId
from domain.identity.rules import Place
from domain.keys import operations
from domain.keys.rules import Maker, NewKey
from domain.keys.text import new_secret
from tests.factories import NOW

ADMINISTRATOR = Maker(scopes=frozenset(Scope), place=Place(), cost_max=20_000, cost_per_s=500)
KEY = NewKey(name="billing", scopes=frozenset({Scope.METERS_READ, Scope.READINGS_READ}))


async def create(
    company_id: CompanyId,
    key: NewKey = KEY,
    *,
    maker: Maker = ADMINISTRATOR,
    secret: str | None = None,
    now: datetime = NOW,
) -> KeyId:
    return await operations.create(
        company_id=company_id, key=key, maker=maker, secret=secret or new_secret(), now=now
    )


async def rotate(
    company_id: CompanyId,
    key_id: KeyId,
    *,
    maker: Maker = ADMINISTRATOR,
    secret: str | None = None,
    old_ends_at: datetime | None = None,
    now: datetime = NOW,
) -> KeyId:
    return await operations.rotate(
        company_id=company_id,
        key_id=key_id,
        old_ends_at=old_ends_at,
        maker=maker,
        secret=secret or new_secret(),
        now=now,
    )


async def keys_of(company_id: CompanyId) -> list[asyncpg.Record]:
    async with access.tenant(company_id) as connection:
        return await connection.fetch(
            "select * from api_key where company_id = $1 order by id", company_id
        )

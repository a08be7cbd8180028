"""A user's second factor: setting it up, proving it, taking it away."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from db import access
from db.access import Connection
from db.ids import CompanyId, UserId
from domain.identity import codes
from domain.identity.keys import Keys, Unsealable, hashed
from domain.refusals import AlreadyExists, Refused

# A secret that was never confirmed is replaced; one that is in use is not.
PUT = """
    insert into second_factor as f (user_id, secret, created_at) values ($1, $2, $3)
    on conflict (user_id) do update set secret = $2, created_at = $3 where f.confirmed_at is null
    returning user_id
"""
FACTOR = "select secret, confirmed_at from second_factor where user_id = $1 for update"
# The lock orders two uses of one code; the step is what remembers it.
USE_STEP = """
    update second_factor set last_step = $2, confirmed_at = coalesce(confirmed_at, $3)
    where user_id = $1 and last_step < $2
    returning user_id
"""
USE_RECOVERY = """
    update recovery_code set used_at = $3
    where user_id = $1 and code_hash = $2 and used_at is null
    returning user_id
"""
PUT_RECOVERY = "insert into recovery_code (user_id, code_hash) select $1, unnest($2::bytea[])"
REMOVE = "delete from second_factor where user_id = $1 returning user_id"
REQUIRE = """
    update company set second_factor_required = $2, version = version + 1
    where id = $1 and second_factor_required is distinct from $2
"""


class WrongCode(Refused):
    """The code is wrong, too old, or was used before."""


@dataclass(frozen=True, slots=True)
class NewFactor:
    """What goes into an authenticator. Shown once."""

    secret: str
    uri: str


async def set_up(*, user_id: UserId, email: str, keys: Keys, now: datetime) -> NewFactor:
    """Make a secret, which counts once a code of it has been shown. Safe to repeat until then.

    :raises AlreadyExists: the user has a second factor
    """
    secret = codes.new_secret()
    sealed = keys.seal(secret.encode(), bound_to=_bound_to(user_id))
    async with access.system() as connection:
        if await connection.fetchval(PUT, user_id, sealed, now) is None:
            raise AlreadyExists("second_factor")
    return NewFactor(secret, codes.uri(secret, email=email))


async def confirm(*, user_id: UserId, code: str, keys: Keys, now: datetime) -> list[str]:
    """Take a second factor into use by its first code; return recovery codes, shown once.

    :raises WrongCode: nothing was set up, or this is no code of it; nothing was written
    :raises AlreadyExists: it is in use
    """
    recovery = codes.new_recovery_codes()
    async with access.system() as connection:
        row = await connection.fetchrow(FACTOR, user_id)
        if row is not None and row["confirmed_at"] is not None:
            raise AlreadyExists("code")
        await _use_step(connection, user_id, row, codes.tidied(code), keys, now)
        await connection.execute(
            PUT_RECOVERY, user_id, [hashed(codes.tidied(one)) for one in recovery]
        )
    return recovery


async def prove(*, user_id: UserId, code: str, keys: Keys, now: datetime) -> None:
    """Use up a code of a user's second factor, or a recovery code.

    :raises WrongCode: it is none, or was used before; nothing was written
    """
    async with access.system() as connection:
        await _prove(connection, user_id, code, keys, now)


async def remove(*, user_id: UserId, code: str, keys: Keys, now: datetime) -> None:
    """Take a second factor away from a user who has it at hand.

    :raises WrongCode: nothing was written
    """
    async with access.system() as connection:
        await _prove(connection, user_id, code, keys, now)
        await connection.execute(REMOVE, user_id)


async def reset(*, user_id: UserId) -> bool:
    """Take a second factor away, whatever the user has at hand; return whether there was one."""
    async with access.system() as connection:
        return await connection.fetchval(REMOVE, user_id) is not None


async def require(*, company_id: CompanyId, required: bool) -> None:
    """Say whether users of a company may do anything without one. Safe to repeat."""
    async with access.system(company_id) as connection:
        await connection.execute(REQUIRE, company_id, required)


async def _prove(
    connection: Connection, user_id: UserId, code: str, keys: Keys, now: datetime
) -> None:
    tidied = codes.tidied(code)
    row = await connection.fetchrow(FACTOR, user_id)
    if row is None or row["confirmed_at"] is None:
        raise WrongCode("code")
    if codes.is_totp(tidied):
        await _use_step(connection, user_id, row, tidied, keys, now)
    elif await connection.fetchval(USE_RECOVERY, user_id, hashed(tidied), now) is None:
        raise WrongCode("code")


async def _use_step(
    connection: Connection,
    user_id: UserId,
    row: asyncpg.Record | None,
    code: str,
    keys: Keys,
    now: datetime,
) -> None:
    try:
        sealed = b"" if row is None else row["secret"]
        secret = keys.unseal(sealed, bound_to=_bound_to(user_id)).decode()
    except Unsealable as error:
        raise WrongCode("code") from error
    step = codes.matching_step(secret, code, now=now)
    if step is None or await connection.fetchval(USE_STEP, user_id, step, now) is None:
        raise WrongCode("code")


def _bound_to(user_id: UserId) -> str:
    return f"second factor of {user_id}"

"""Making, rotating and revoking keys, and noting that one is used."""

from datetime import datetime, timedelta

from db import access
from db.access import Connection
from db.enums import Scope
from db.ids import BranchId, CompanyId, DocumentId, KeyId
from domain import rows
from domain.identity.rules import Place
from domain.keys.rules import (
    LIVE_MAX,
    LIVE_OF_A_NAME_MAX,
    KeyEnded,
    Maker,
    NewKey,
    RotationUnderWay,
    TooManyKeys,
    check_key,
    check_place,
    check_scopes,
    end_of_new,
    end_of_old,
)
from domain.keys.text import hash_of_secret
from domain.listing import Record
from domain.refusals import AlreadyExists, InvalidValue, NotThere

USE_NOTED_EVERY = timedelta(minutes=1)

# One maker at a time and company: live keys are counted, by name and altogether.
LOCK = "select pg_advisory_xact_lock(hashtext('api_key'), $1)"
LIVE = "company_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)"
COUNT = f"select count(*) from api_key where {LIVE}"
COUNT_OF_NAME = f"select count(*) from api_key where {LIVE} and name = $3"
ONE = "select * from api_key where company_id = $1 and id = $2 for update"
BRANCH_OF_FIELD = "select branch_id from field where company_id = $1 and id = $2"
IS_MEMBER = "select true from membership where company_id = $1 and user_id = $2 and active"
LIVE_DOCUMENTS = """
    select count(*) from document
    where company_id = $1 and id = any($2::int8[]) and retired_at is null
        and ($3::text is null or partner = $3)
"""
COPY = """
    insert into api_key (company_id, name, secret_hash, scopes, partner, document_ids, branch_id,
        field_id, user_id, addresses, cost_max, cost_per_s, created_at, expires_at)
    select company_id, name, $3, scopes, partner, document_ids, branch_id,
        field_id, user_id, addresses, cost_max, cost_per_s, $4, $5
    from api_key where company_id = $1 and id = $2
    returning id
"""
END = """
    update api_key set expires_at = least(expires_at, $3), version = version + 1
    where company_id = $1 and id = $2
"""
REVOKE = """
    update api_key set revoked_at = $3, version = version + 1
    where company_id = $1 and id = $2 and revoked_at is null
"""
NOTE_USE = """
    update api_key set last_used_at = $3
    where company_id = $1 and id = $2 and (last_used_at is null or last_used_at <= $4)
"""


async def create(
    *, company_id: CompanyId, key: NewKey, maker: Maker, secret: str, now: datetime
) -> KeyId:
    """Make a key, which is proven by `secret`; only its hash is kept.

    :raises ScopeNotHeld, PlaceNotHeld: it would do more than its maker; nothing was written
    :raises AlreadyExists: there is a live key of that name, which can be rotated
    :raises InvalidValue, TooManyKeys, NotThere: nothing was written
    """
    check_key(key, maker=maker, now=now)
    async with access.tenant(company_id) as connection:
        await connection.execute(LOCK, company_id)
        if await connection.fetchval(COUNT, company_id, now) >= LIVE_MAX:
            raise TooManyKeys(limit=LIVE_MAX)
        if await connection.fetchval(COUNT_OF_NAME, company_id, now, key.name.strip()):
            raise AlreadyExists("name")
        branch_of_field = await _branch_of(connection, company_id, key.place)
        check_place(key.place, maker=maker, branch_of_field=branch_of_field)
        await _check_what_it_names(connection, company_id, key)
        return await _insert(connection, company_id, key, secret, now)


async def _insert(
    connection: Connection, company_id: CompanyId, key: NewKey, secret: str, now: datetime
) -> KeyId:
    key_id = await rows.insert(
        connection,
        "api_key",
        company_id=company_id,
        name=key.name.strip(),
        secret_hash=hash_of_secret(secret),
        scopes=sorted(key.scopes),
        partner=None if key.partner is None else key.partner.strip(),
        document_ids=None if key.document_ids is None else sorted(set(key.document_ids)),
        branch_id=key.place.branch_id,
        field_id=key.place.field_id,
        user_id=key.user_id,
        addresses=list(key.addresses),
        cost_max=key.cost_max,
        cost_per_s=key.cost_per_s,
        created_at=now,
        expires_at=key.expires_at,
    )
    return KeyId(key_id)


async def _branch_of(
    connection: Connection, company_id: CompanyId, place: Place
) -> BranchId | None:
    if place.field_id is None:
        return None
    branch_id: BranchId | None = await connection.fetchval(
        BRANCH_OF_FIELD, company_id, place.field_id
    )
    return branch_id


async def _check_what_it_names(connection: Connection, company_id: CompanyId, key: NewKey) -> None:
    if key.user_id is not None and not await connection.fetchval(
        IS_MEMBER, company_id, key.user_id
    ):
        raise NotThere("user_id")
    if key.document_ids is not None:
        wanted: set[DocumentId] = set(key.document_ids)
        live = await connection.fetchval(LIVE_DOCUMENTS, company_id, list(wanted), key.partner)
        if live < len(wanted):
            raise InvalidValue("document_ids", expected="live documents of the key's partner")


async def rotate(
    *,
    company_id: CompanyId,
    key_id: KeyId,
    old_ends_at: datetime | None,
    maker: Maker,
    secret: str,
    now: datetime,
) -> KeyId:
    """Make a key like this one beside it, which ends soon: after a day unless told otherwise.

    :raises ScopeNotHeld, PlaceNotHeld: the key does more than who rotates it
    :raises KeyEnded, RotationUnderWay, InvalidValue, NotThere: nothing was written
    """
    end = end_of_old(old_ends_at, now=now)
    async with access.tenant(company_id) as connection:
        await connection.execute(LOCK, company_id)
        old = await _live(connection, company_id, key_id, now)
        check_scopes(frozenset(Scope(scope) for scope in old["scopes"]), maker=maker)
        place = Place(branch_id=old["branch_id"], field_id=old["field_id"])
        branch_of_field = await _branch_of(connection, company_id, place)
        check_place(place, maker=maker, branch_of_field=branch_of_field)
        count = await connection.fetchval(COUNT_OF_NAME, company_id, now, old["name"])
        if count >= LIVE_OF_A_NAME_MAX:
            raise RotationUnderWay("id")
        expires_at = end_of_new(made_at=old["created_at"], ends_at=old["expires_at"], now=now)
        secret_hash = hash_of_secret(secret)
        new_id = await connection.fetchval(COPY, company_id, key_id, secret_hash, now, expires_at)
        await connection.execute(END, company_id, key_id, end)
    return KeyId(new_id)


async def _live(
    connection: Connection, company_id: CompanyId, key_id: KeyId, now: datetime
) -> Record:
    row = await connection.fetchrow(ONE, company_id, key_id)
    if row is None:
        raise NotThere
    if row["revoked_at"] is not None or (row["expires_at"] or now + USE_NOTED_EVERY) <= now:
        raise KeyEnded("id")
    return row


async def revoke(*, company_id: CompanyId, key_id: KeyId, now: datetime) -> KeyId:
    """End a key at once. Safe to repeat.

    :raises NotThere: nothing was written
    """
    async with access.tenant(company_id) as connection:
        if await connection.fetchrow(ONE, company_id, key_id) is None:
            raise NotThere
        await connection.execute(REVOKE, company_id, key_id, now)
    return key_id


async def note_use(*, company_id: CompanyId, key_id: KeyId, now: datetime) -> None:
    """Write down that a key was used, at most once a minute."""
    async with access.tenant(company_id) as connection:
        await connection.execute(NOTE_USE, company_id, key_id, now, now - USE_NOTED_EVERY)

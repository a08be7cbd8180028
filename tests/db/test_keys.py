"""Making and revoking keys."""

import json
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from db import access
from db.enums import Role, Scope
from db.ids import CompanyId, DocumentId, UserId
from domain.documents import operations as documents
from domain.documents.rules import Registration
from domain.hierarchy import branches
from domain.identity import second_factor
from domain.identity.operations import add_membership
from domain.identity.roles import SCOPES
from domain.identity.rules import Place, PlaceNotHeld, ScopeNotHeld
from domain.keys import operations, queries
from domain.keys.rules import Maker, NewKey, TooManyKeys
from domain.keys.text import hash_of_secret, new_secret
from domain.refusals import AlreadyExists, InvalidValue, NotThere
from tests.db.keys import ADMINISTRATOR, KEY, create, keys_of, rotate
from tests.factories import NOW, make_place

pytestmark = pytest.mark.usefixtures("connected")


async def test_a_key_may_do_what_it_was_made_for_and_only_its_hash_is_kept() -> None:
    place = await make_place(meters=0)
    secret = new_secret()

    key_id = await create(place.company_id, replace(KEY, addresses=["192.0.2.0/24"]), secret=secret)

    rights = (await queries.rights_of([key_id], now=NOW)).get(key_id)
    assert rights is not None
    assert (rights.company_id, rights.name, rights.place) == (place.company_id, "billing", Place())
    assert rights.scopes == KEY.scopes
    assert rights.secret_hash == hash_of_secret(secret)
    assert [str(network) for network in rights.addresses] == ["192.0.2.0/24"]
    (row,) = await keys_of(place.company_id)
    assert secret not in str(dict(row))


async def test_a_key_ends_when_it_expires_or_is_revoked() -> None:
    place = await make_place(meters=0)
    end = NOW + timedelta(days=1)
    expiring = await create(place.company_id, replace(KEY, expires_at=end))
    lasting = await create(place.company_id, replace(KEY, name="other"))

    before_end = (await queries.rights_of([expiring], now=end - timedelta(seconds=1))).get(expiring)
    at_end = (await queries.rights_of([expiring], now=end)).get(expiring)
    for _ in range(2):
        await operations.revoke(company_id=place.company_id, key_id=lasting, now=NOW)

    assert before_end is not None
    assert at_end is None
    assert (await queries.rights_of([lasting], now=NOW)).get(lasting) is None


async def test_a_key_of_a_company_that_is_closed_may_do_nothing() -> None:
    place = await make_place(meters=0)
    key_id = await create(place.company_id)

    async with access.system() as connection:
        await connection.execute(
            "update company set active = false where id = $1", place.company_id
        )

    assert (await queries.rights_of([key_id], now=NOW)).get(key_id) is None


@pytest.mark.parametrize(
    ("key", "maker", "refusal"),
    [
        pytest.param(
            replace(KEY, scopes=frozenset({Scope.AUDIT_READ})),
            replace(ADMINISTRATOR, scopes=frozenset({Scope.METERS_READ})),
            ScopeNotHeld,
            id="scope",
        ),
        pytest.param(replace(KEY, user_id=UserId(1)), ADMINISTRATOR, NotThere, id="no member"),
        pytest.param(
            replace(KEY, document_ids=[DocumentId(1)]), ADMINISTRATOR, InvalidValue, id="document"
        ),
        pytest.param(replace(KEY, name=""), ADMINISTRATOR, InvalidValue, id="name"),
    ],
)
async def test_a_key_that_may_not_be_is_not_made(
    key: NewKey, maker: Maker, refusal: type[Exception]
) -> None:
    place = await make_place(meters=0)

    with pytest.raises(refusal):
        await create(place.company_id, key, maker=maker)

    assert await keys_of(place.company_id) == []


async def test_a_confined_maker_makes_keys_within_its_own_place() -> None:
    place = await make_place(meters=0)
    south = await branches.create(company_id=place.company_id, name="South")
    of_branch = replace(ADMINISTRATOR, place=Place(branch_id=place.branch_id))
    of_other = replace(ADMINISTRATOR, place=Place(branch_id=south))
    field = Place(field_id=place.field_id)

    with pytest.raises(PlaceNotHeld):
        await create(place.company_id, maker=of_branch)
    with pytest.raises(PlaceNotHeld):
        await create(place.company_id, replace(KEY, place=field), maker=of_other)
    made = await create(place.company_id, replace(KEY, place=field), maker=of_branch)

    with pytest.raises(PlaceNotHeld):
        await rotate(place.company_id, made, maker=of_other)
    assert [row["id"] for row in await keys_of(place.company_id)] == [made]


async def test_a_key_names_live_documents_of_its_partner() -> None:
    place, other = await make_place(meters=0), await make_place(meters=0)
    registration = Registration("Who", "{ viewer { name } }", ["Who"], 1)

    async def register(company_id: CompanyId, partner: str) -> DocumentId:
        (document_id,) = await documents.register(
            company_id=company_id, partner=partner, documents=[registration], now=NOW
        )
        return document_id

    mine = await register(place.company_id, "mine")
    of_partner = await register(place.company_id, "other")
    foreign = await register(other.company_id, "mine")
    retired = await register(place.company_id, "retired")
    await documents.retire(company_id=place.company_id, document_ids=[retired], now=NOW)

    for wrong in (of_partner, foreign, retired):
        key = replace(KEY, partner="mine", document_ids=[mine, wrong])
        with pytest.raises(InvalidValue):
            await create(place.company_id, key)
    key_id = await create(place.company_id, replace(KEY, partner="mine", document_ids=[mine, mine]))

    rights = (await queries.rights_of([key_id], now=NOW)).get(key_id)
    assert rights is not None
    assert (rights.partner, rights.document_ids) == ("mine", frozenset({mine}))


async def test_a_key_given_to_a_user_ends_with_the_user() -> None:
    place = await make_place(meters=0)
    async with access.system() as connection:
        user_id = await connection.fetchval(
            "insert into app_user (email, name, password_hash, created_at)"
            " values ('a@b.example', 'Deniz', '-', $1) returning id",
            NOW,
        )
    await add_membership(
        company_id=place.company_id,
        user_id=user_id,
        role=Role.OPERATOR,
        field_id=place.field_id,
    )
    key_id = await create(place.company_id, replace(KEY, user_id=user_id))

    rights = (await queries.rights_of([key_id], now=NOW)).get(key_id)
    async with access.system() as connection:
        await connection.execute("update app_user set active = false where id = $1", user_id)

    assert rights is not None
    assert (rights.user_id, rights.user_scopes) == (user_id, SCOPES[Role.OPERATOR])
    assert rights.place == Place(field_id=place.field_id)
    assert (await queries.rights_of([key_id], now=NOW)).get(key_id) is None


async def test_a_key_given_to_a_user_does_nothing_while_the_user_may_not() -> None:
    place = await make_place(meters=0)
    async with access.system() as connection:
        user_id = await connection.fetchval(
            "insert into app_user (email, name, password_hash, created_at)"
            " values ('user@example.com', 'User', '', $1) returning id",
            NOW,
        )
    await add_membership(company_id=place.company_id, user_id=user_id, role=Role.OPERATOR)
    key_id = await create(place.company_id, replace(KEY, user_id=user_id))
    await second_factor.require(company_id=place.company_id, required=True)

    without = (await queries.rights_of([key_id], now=NOW)).get(key_id)
    async with access.system() as connection:
        await connection.execute(
            "insert into second_factor (user_id, secret, created_at, confirmed_at)"
            " values ($1, '', $2, $2)",
            user_id,
            NOW,
        )
    with_one = (await queries.rights_of([key_id], now=NOW)).get(key_id)

    assert without is None
    assert with_one is not None


async def test_names_of_live_keys_are_taken() -> None:
    place = await make_place(meters=0)
    first = await create(place.company_id)

    with pytest.raises(AlreadyExists):
        await create(place.company_id, replace(KEY, name=" billing "))
    await operations.revoke(company_id=place.company_id, key_id=first, now=NOW)
    second = await create(place.company_id)

    assert [row["id"] for row in await keys_of(place.company_id)] == [first, second]


async def test_a_company_has_its_limit_of_live_keys() -> None:
    place = await make_place(meters=0)
    async with access.system() as connection:
        await connection.execute(
            "insert into api_key (company_id, name, secret_hash, scopes, created_at) select $1,"
            " 'k' || n, sha256(n::text::bytea), '{}', $2 from generate_series(1, 1000) n",
            place.company_id,
            NOW,
        )

    with pytest.raises(TooManyKeys):
        await create(place.company_id)


async def test_use_is_noted_at_most_once_a_minute_and_is_no_daily_entry() -> None:
    place = await make_place(meters=0)
    key_id = await create(place.company_id)

    noted = []
    for seconds in (0, 59, 60):
        now = NOW + timedelta(seconds=seconds)
        await operations.note_use(company_id=place.company_id, key_id=key_id, now=now)
        noted.append((await keys_of(place.company_id))[0]["last_used_at"])

    assert noted == [NOW, NOW, NOW + timedelta(minutes=1)]
    assert [entry["kind"] for entry in await entries(place.company_id)] == ["ADDED"]


async def test_what_happens_to_a_key_is_a_daily_entry_without_its_secret() -> None:
    place = await make_place(meters=0)
    key_id = await create(place.company_id)
    await operations.revoke(company_id=place.company_id, key_id=key_id, now=NOW)

    found = await entries(place.company_id)

    assert [(one["kind"], one["object_id"]) for one in found] == [
        ("ADDED", key_id),
        ("UPDATED", key_id),
    ]
    shown = json.loads(found[0]["after"])
    assert (shown["name"], shown["secret_hash"]) == ("billing", "*")


async def entries(company_id: CompanyId) -> list[asyncpg.Record]:
    async with access.tenant(company_id) as connection:
        return await connection.fetch(
            "select kind, object_id, after from daily_entry"
            " where company_id = $1 and object_type = 'ApiKey' order by id",
            company_id,
        )


async def test_a_key_of_a_company_that_may_not_use_the_api_may_do_nothing() -> None:
    place = await make_place(meters=0)
    key_id = await create(place.company_id)

    async with access.system() as connection:
        await connection.execute(
            "update company set api_allowed = false where id = $1", place.company_id
        )
    shut_out = (await queries.rights_of([key_id], now=NOW)).get(key_id)
    async with access.system() as connection:
        await connection.execute(
            "update company set api_allowed = true where id = $1", place.company_id
        )

    assert shut_out is None
    assert (await queries.rights_of([key_id], now=NOW)).get(key_id) is not None

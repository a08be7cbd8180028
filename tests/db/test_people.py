"""People's data: sealed at rest, found without being kept, and forgotten for good."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

from db import access
from db.enums import ErasureReason, ProtectionKind, Scope
from db.ids import CompanyId, ProofId, SubscriberId
from db.migrate import migrate
from db.settings import Urls
from domain import listing
from domain.accounts.queries import SUBSCRIBERS
from domain.listing import Wall
from domain.search.queries import search
from domain.search.ways import SearchType
from domain.subscribers import contacts, erasure, plain, protection
from domain.subscribers import operations as subscribers
from domain.subscribers.erasure import AccountOpen
from domain.subscribers.operations import SubscriberErased
from domain.subscribers.protection import Detail
from tests.factories import KEYRING, NOW, Place, add_supply, make_place, open_account

SECRETS = ("Ayşe", "Işık", "ayse", "0000000", "ALS", "file 7")


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(meters=0)


async def fetch(query: str, *arguments: object) -> list[dict[str, Any]]:
    async with access.system() as connection:
        return [dict(row) for row in await connection.fetch(query, *arguments)]


def wall(company_id: CompanyId) -> Wall:
    return Wall(lambda _: "true", {"company": company_id, "now": NOW})


async def read(company_id: CompanyId, ids: Sequence[int]) -> dict[int, contacts.Contact]:
    async with access.tenant(company_id) as connection:
        return await contacts.read(connection, KEYRING, ids, wall=wall(company_id))


async def find(company_id: CompanyId, text: str) -> list[int]:
    async with access.tenant(company_id) as connection:
        hits = await search(
            connection,
            text=text,
            types={SearchType.SUBSCRIBER},
            scopes={Scope.SUBSCRIBERS_CONTACT},
            limit=10,
            wall=wall(company_id),
            keyring=KEYRING,
        )
    return [hit.id for hit in hits]


async def erase(place: Place) -> SubscriberId:
    return await erasure.erase(
        company_id=place.company_id,
        subscriber_id=place.subscriber_id,
        reason=ErasureReason.REQUESTED,
        now=NOW,
    )


async def protect(place: Place) -> ProofId:
    return await protection.add(
        company_id=place.company_id,
        subscriber_id=place.subscriber_id,
        detail=Detail(kind=ProtectionKind.LIFE_SUPPORT, document="file 7", note="ALS"),
        valid_from=date(2026, 1, 1),
        valid_until=None,
        keyring=KEYRING,
    )


async def everything(database: Urls) -> str:
    """Return every row of every table as a text."""
    owner = await asyncpg.connect(database.owner)
    try:
        tables = await owner.fetch(
            "select relname from pg_class where relkind = 'r'"
            " and relnamespace = 'public'::regnamespace"
        )
        rows = [
            await owner.fetch(f"select t::text as row from {table['relname']} t")
            for table in tables
        ]
    finally:
        await owner.close()
    return "\n".join(row["row"] for of_table in rows for row in of_table)


async def test_what_is_kept_of_people_is_opened_again(place: Place) -> None:
    contact = (await read(place.company_id, [place.subscriber_id]))[place.subscriber_id]

    assert contact.field("name") == "Ayşe Işık"
    assert contact.field("phone") == "+905550000000"
    assert contact.field("address") is None


async def test_nothing_in_the_database_tells_who_people_are(place: Place, database: Urls) -> None:
    await protect(place)
    await read(place.company_id, [place.subscriber_id])

    kept = await everything(database)

    assert [one for one in SECRETS if one in kept] == []


async def test_reading_leaves_one_entry_for_each_person(place: Place) -> None:
    other = await subscribers.create(
        company_id=place.company_id, reference="other", contact={"name": "Bora"}, keyring=KEYRING
    )
    stranger = (await make_place(meters=0)).subscriber_id

    found = await read(place.company_id, [place.subscriber_id, other, stranger])

    assert sorted(found) == sorted([place.subscriber_id, other])
    entries = await fetch(
        "select object_type, object_id, before, after from daily_entry where kind = 'READ'"
        " order by object_id"
    )
    assert entries == [
        {"object_type": "Subscriber", "object_id": one, "before": None, "after": None}
        for one in sorted([place.subscriber_id, other])
    ]


async def test_a_change_of_contact_is_recorded_without_it(place: Place) -> None:
    await subscribers.update(
        company_id=place.company_id,
        subscriber_id=place.subscriber_id,
        expected_version=1,
        changes={},
        contact={"email": "new@example.com", "phone": None},
        keyring=KEYRING,
    )

    contact = (await read(place.company_id, [place.subscriber_id]))[place.subscriber_id]
    assert (contact.field("email"), contact.field("phone")) == ("new@example.com", None)
    assert contact.field("name") == "Ayşe Işık"
    entry = (
        await fetch(
            "select before, after from daily_entry where object_id = $1 and kind = 'UPDATED'",
            place.subscriber_id,
        )
    )[-1]
    assert entry == {
        "before": '{"email": "*", "phone": "*"}',
        "after": '{"email": "*", "phone": null}',
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("ayş", True, id="the beginning of a name"),
        pytest.param("ISIK ayse", True, id="both names, in any letters and order"),
        pytest.param("ışıkl", False, id="more than the name"),
        pytest.param("ay", False, id="too short a beginning"),
        pytest.param("ayşe yılmaz", False, id="another family"),
        pytest.param("0555 000 00 00", True, id="the number, written otherwise"),
        pytest.param("5550000001", False, id="another number"),
        pytest.param("...", False, id="no word"),
    ],
)
async def test_people_are_found_by_name_and_number(place: Place, text: str, found: bool) -> None:
    expected = [place.subscriber_id] if found else []

    assert await find(place.company_id, text) == expected


async def test_people_are_found_by_their_whole_e_mail(place: Place) -> None:
    contact = (await read(place.company_id, [place.subscriber_id]))[place.subscriber_id]
    email = contact.field("email")
    assert email is not None

    assert await find(place.company_id, email.upper()) == [place.subscriber_id]
    assert await find(place.company_id, email[1:]) == []


async def test_people_of_another_company_are_not_found(place: Place) -> None:
    other = await make_place(meters=0)

    assert await find(place.company_id, "Ayşe") == [place.subscriber_id]
    assert await find(other.company_id, "Ayşe") == [other.subscriber_id]


async def test_who_is_erased_is_forgotten_and_stays_in_the_books(
    place: Place, database: Urls
) -> None:
    proof_id = await protect(place)

    await erase(place)

    assert await read(place.company_id, [place.subscriber_id]) == {}
    assert await find(place.company_id, "Ayşe") == []
    assert await fetch("select id, erased_at, erasure_reason from subscriber") == [
        {"id": place.subscriber_id, "erased_at": NOW, "erasure_reason": "REQUESTED"}
    ]
    async with access.tenant(place.company_id) as connection:
        proofs = await protection.read(connection, KEYRING, [proof_id], wall=wall(place.company_id))
    assert proofs == {}
    assert await fetch("select from person_key") == []
    kept = await everything(database)
    assert [one for one in SECRETS if one in kept] == []


async def test_erasing_again_changes_nothing(place: Place) -> None:
    await erase(place)
    before = await fetch("select * from subscriber")

    await erase(place)

    assert await fetch("select * from subscriber") == before


async def test_who_has_an_open_account_is_not_erased(connected: None) -> None:
    place = await make_place()

    with pytest.raises(AccountOpen) as refused:
        await erase(place)

    assert refused.value.path == ("id",)
    assert place.subscriber_id in await read(place.company_id, [place.subscriber_id])


async def test_who_was_erased_gets_no_data_and_no_account(place: Place) -> None:
    supply = await add_supply(place, with_account=False)
    await erase(place)

    with pytest.raises(SubscriberErased):
        await subscribers.update(
            company_id=place.company_id,
            subscriber_id=place.subscriber_id,
            expected_version=2,
            changes={},
            contact={"name": "Ayşe"},
            keyring=KEYRING,
        )
    with pytest.raises(SubscriberErased):
        await protect(place)
    with pytest.raises(SubscriberErased):
        await open_account(place, {supply.point_id: 0}, supply.premises_id)

    assert await fetch("select from person_key where company_id = $1", place.company_id) == []


async def test_erasing_and_changing_at_once_leaves_no_key(place: Place) -> None:
    async def change() -> None:
        await subscribers.update(
            company_id=place.company_id,
            subscriber_id=place.subscriber_id,
            expected_version=1,
            changes={},
            contact={"name": "Ayşe"},
            keyring=KEYRING,
        )

    await asyncio.gather(erase(place), change(), return_exceptions=True)

    assert await fetch("select from person_key") == []


async def test_a_migration_seals_what_was_in_the_clear(database: Urls) -> None:
    await migrate(database.owner, target="wattledger.m0009_hierarchy")
    owner = await asyncpg.connect(database.owner)
    await owner.execute(
        "insert into company (name, currency, time_zone, created_at)"
        " values ('Old', 'TRY', 'UTC', now());"
        "insert into subscriber (company_id, reference, name, email, phone)"
        " select id, 'S1', 'Ayşe Işık', 'ayse@example.com', '+905550000000' from company"
    )
    row = await owner.fetchrow("select company_id, id from subscriber")
    assert row is not None
    company_id, subscriber_id = row
    await owner.close()

    await migrate(database.owner)
    await access.connect(database, pool_size=2)
    try:
        sealed = [await plain.seal(KEYRING), await plain.seal(KEYRING)]
        found = await read(company_id, [subscriber_id])
        by_name = await find(company_id, "ışık")
    finally:
        await access.close()

    assert sealed == [1, 0]
    assert found[subscriber_id].field("name") == "Ayşe Işık"
    assert by_name == [subscriber_id]
    kept = await everything(database)
    assert [one for one in SECRETS if one in kept] == []


async def test_protection_counts_on_its_days_alone(place: Place) -> None:
    proof_id = await protect(place)
    await protection.end(
        company_id=place.company_id,
        proof_id=proof_id,
        expected_version=1,
        valid_until=NOW.date(),
    )

    protected = [await is_protected(place, days) for days in (-90, 0, 1)]

    assert protected == [False, True, False]


async def is_protected(place: Place, days: int) -> bool:
    at = Wall(lambda _: "true", {"company": place.company_id, "now": NOW + timedelta(days=days)})
    async with access.tenant(place.company_id) as connection:
        found = await listing.by_ids(connection, SUBSCRIBERS, [place.subscriber_id], wall=at)
    return bool(found[place.subscriber_id]["is_protected"])

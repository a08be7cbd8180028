"""People's data: sealed at rest, and found without being kept."""

import json

import asyncpg
import pytest

from db import access
from db.migrate import migrate
from db.settings import Urls
from domain.subscribers import operations as subscribers
from domain.subscribers import plain
from tests.db.people import SECRETS, everything, fetch, find, protect, read
from tests.factories import KEYRING, Place, make_place


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(meters=0)


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


async def test_a_change_of_contact_is_recorded_under_the_persons_key(place: Place) -> None:
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
    before, after = json.loads(entry["before"]), json.loads(entry["after"])
    assert before.keys() == after.keys() == {"email", "phone"}
    assert after["phone"] is None
    sealed = bytes.fromhex(after["email"].removeprefix("\\x"))
    assert contact.open(sealed, what="email") == "new@example.com"


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

"""Judging a large file keeps no transaction open for long."""

from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher

from db import access
from db.enums import ImportMode
from db.ids import SubscriberId
from domain.identity.passwords import Passwords
from domain.imports.validation import KEYS_OF_A_TRANSACTION
from domain.longwork.jobs import Asker
from tests.factories import KEYRING, Place, make_place
from tests.imports import imported, make_asker

PEOPLE = KEYS_OF_A_TRANSACTION + 1


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(meters=0)


@pytest.fixture
async def asker(place: Place) -> AsyncIterator[Asker]:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    yield await make_asker(place.company_id, passwords)
    passwords.close()


async def add_people(place: Place) -> None:
    company_id = place.company_id
    async with access.tenant(company_id) as connection:
        rows = await connection.fetch(
            "insert into subscriber (company_id, reference)"
            " select $1, 'P' || n from generate_series(1, $2) n returning id",
            company_id,
            PEOPLE,
        )
        ids = [SubscriberId(row["id"]) for row in rows]
        await connection.executemany(
            "insert into person_key (company_id, subscriber_id, wrapped_key, master_id)"
            " values ($1, $2, $3, $4)",
            [
                (company_id, one, KEYRING.new_key(company_id=company_id, subscriber_id=one), "")
                for one in ids
            ],
        )
        await connection.execute(
            "insert into subscriber_contact (company_id, subscriber_id)"
            " select $1, unnest($2::int8[])",
            company_id,
            ids,
        )


async def test_people_are_opened_some_at_a_time(place: Place, asker: Asker) -> None:
    await add_people(place)
    rows = "\n".join(f"P{number};" for number in range(1, PEOPLE + 1))

    await imported(
        place.company_id,
        asker,
        f"reference;name\n{rows}".encode(),
        kind="subscribers",
        mode=ImportMode.CREATE_OR_UPDATE,
        dry_run=True,
    )

    async with access.system() as connection:
        opened = await connection.fetchrow(
            "select count(*) as people, count(distinct xmin::text) as transactions"
            " from daily_entry where kind = 'READ'"
        )
    assert opened is not None
    assert dict(opened) == {"people": PEOPLE, "transactions": 2}

"""Erasing and protecting people's data."""

import asyncio
from datetime import timedelta

import pytest

from db import access
from db.enums import ErasureReason
from db.ids import FieldId, SubscriberId
from db.settings import Urls
from domain import listing
from domain.accounts.queries import SUBSCRIBERS
from domain.identity.rules import WHOLE_COMPANY
from domain.identity.rules import Place as Confinement
from domain.listing import Wall
from domain.subscribers import erasure, protection
from domain.subscribers import operations as subscribers
from domain.subscribers.erasure import AccountOpen, AccountsElsewhere
from domain.subscribers.operations import SubscriberErased
from tests.db.people import SECRETS, everything, fetch, find, protect, read, wall
from tests.factories import KEYRING, NOW, Place, add_supply, make_place, open_account


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(meters=0)


async def erase(place: Place, within: Confinement = WHOLE_COMPANY) -> SubscriberId:
    return await erasure.erase(
        company_id=place.company_id,
        subscriber_id=place.subscriber_id,
        reason=ErasureReason.REQUESTED,
        place=within,
        now=NOW,
    )


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


async def test_who_has_accounts_elsewhere_is_not_erased_from_one_place(connected: None) -> None:
    place = await make_place(meters=1)
    async with access.system() as connection:
        await connection.execute("update account set closed_at = $1", NOW)
    elsewhere = Confinement(field_id=FieldId(place.field_id + 1_000))

    with pytest.raises(AccountsElsewhere):
        await erase(place, elsewhere)
    before = await fetch("select erased_at from subscriber")
    await erase(place, Confinement(field_id=place.field_id))

    assert before == [{"erased_at": None}]
    assert await fetch("select erased_at from subscriber") == [{"erased_at": NOW}]


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

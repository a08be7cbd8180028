"""Daily entries of people's data: read by those who may see it, as long as it may be read."""

import asyncpg
import pytest

from api.global_ids import encode
from api.schema.audit import MASK
from db.settings import Urls
from domain.subscribers import operations as subscribers
from tests.api.subscribers import ERASE, erased, reads
from tests.api.web import User, Web
from tests.factories import KEYRING, Place, make_place

ENTRIES = """
query ($id: ID!) { dailyEntries(where: {objectId: {eq: $id}, kind: {eq: UPDATED}}) {
    nodes { changes { field before after } }
} }
"""
EMAIL = {"field": "email", "before": "ayse@example.com", "after": "new@example.com"}
PHONE = {"field": "phone", "before": "+905550000000", "after": None}
MASKED = [
    {"field": "email", "before": MASK, "after": MASK},
    {"field": "phone", "before": MASK, "after": None},
]


@pytest.fixture
async def place(web: Web) -> Place:
    place = await make_place(meters=0)
    changes: list[dict[str, str | None]] = [
        {"email": EMAIL["before"]},
        {"email": EMAIL["after"], "phone": None},
    ]
    for version, contact in enumerate(changes, start=1):
        await subscribers.update(
            company_id=place.company_id,
            subscriber_id=place.subscriber_id,
            expected_version=version,
            changes={},
            contact=contact,
            keyring=KEYRING,
        )
    return place


async def changes(web: Web, user: User, place: Place) -> list[dict[str, str | None]]:
    """Return what the newest entry of the subscriber's contact shows to somebody."""
    answer = await web.ask(ENTRIES, user, id=encode("Subscriber", place.subscriber_id))
    found = [node["changes"] for node in answer.data["dailyEntries"]["nodes"]]
    newest: list[dict[str, str | None]] = [
        one for one in found if {change["field"] for change in one} == {"email", "phone"}
    ][-1]
    return newest


async def test_who_sees_contacts_sees_what_they_were_and_leaves_an_entry(
    web: Web, place: Place, administrator: User
) -> None:
    assert await changes(web, administrator, place) == [EMAIL, PHONE]

    assert await reads() == [place.subscriber_id]


async def test_who_sees_no_contacts_sees_that_they_changed(web: Web, place: Place) -> None:
    staff = (await web.developer()).acting_in(encode("Company", place.company_id))

    assert await changes(web, staff, place) == MASKED

    assert place.subscriber_id not in await reads()


async def test_of_who_was_erased_nobody_reads_anything(
    web: Web, place: Place, administrator: User
) -> None:
    await web.ask(ERASE, administrator, input=erased(place))

    assert await changes(web, administrator, place) == MASKED


async def test_what_was_never_kept_stays_a_mask(
    web: Web, place: Place, administrator: User, database: Urls
) -> None:
    owner = await asyncpg.connect(database.owner)
    await owner.execute(
        "insert into daily_entry (company_id, kind, object_type, object_id, actor_kind, before,"
        """ after) values ($1, 'UPDATED', 'Subscriber', $2, 'SYSTEM',
            '{"email": "*", "phone": "*"}', '{"email": "*", "phone": null}')""",
        place.company_id,
        place.subscriber_id,
    )
    await owner.close()

    assert await changes(web, administrator, place) == MASKED

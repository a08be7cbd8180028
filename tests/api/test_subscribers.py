"""Managing subscribers over GraphQL: who may see and change people's data."""

from typing import Any

import pytest

from api.global_ids import encode
from db.enums import Role
from domain.subscribers import operations as subscribers
from tests.api.subscribers import ERASE, erased, fetch, reads
from tests.api.web import User, Web
from tests.factories import KEYRING, Place, add_supply, make_place

CREATE = """
mutation ($input: CreateSubscriberInput!) {
  createSubscriber(input: $input) {
    subscriber { reference name email phone address invoiceAddress identityNumber language
      isProtected erasedAt version }
    userErrors { code path }
  }
}
"""
UPDATE = """
mutation ($input: UpdateSubscriberInput!) {
  updateSubscriber(input: $input) {
    subscriber { reference name email phone version } userErrors { code path }
  }
}
"""
CONTACTS = "{ subscribers(first: 2) { nodes { reference name phone email } } }"
CONTACT = {
    "name": "Bora Çelik",
    "email": "bora@example.com",
    "phone": "+90 212 000 00 00",
    "address": "Kat 3\nŞişli",
    "invoiceAddress": "PK 7",
    "identityNumber": "11111111110",
    "language": "tr",
}


@pytest.fixture
async def place(web: Web) -> Place:
    return await make_place(meters=0)


def of_subscriber(place: Place, **changes: Any) -> dict[str, Any]:
    return {"id": encode("Subscriber", place.subscriber_id), "expectedVersion": 1, **changes}


async def test_a_subscriber_is_added_with_all_that_is_known(web: Web, administrator: User) -> None:
    answer = await web.ask(CREATE, administrator, input={"reference": "S9", "contact": CONTACT})

    assert answer.data["createSubscriber"]["subscriber"] == {
        "reference": "S9",
        **CONTACT,
        "isProtected": False,
        "erasedAt": None,
        "version": 1,
    }


@pytest.mark.parametrize(
    ("contact", "field"),
    [
        pytest.param({"email": "nobody"}, "email", id="no e-mail"),
        pytest.param({"phone": "12"}, "phone", id="no number"),
        pytest.param({"name": " "}, "name", id="an empty name"),
        pytest.param({"address": "a\n" * 300}, "address", id="a long address"),
        pytest.param({"identityNumber": "1" * 33}, "identityNumber", id="a long number"),
        pytest.param({"language": "Turkish"}, "language", id="no language"),
    ],
)
async def test_a_bad_contact_is_refused(
    web: Web, administrator: User, contact: dict[str, str], field: str
) -> None:
    answer = await web.ask(CREATE, administrator, input={"reference": "S9", "contact": contact})

    assert answer.data["createSubscriber"] == {
        "subscriber": None,
        "userErrors": [{"code": "INVALID_VALUE", "path": ["input", "contact", field]}],
    }
    assert len(await fetch("select from subscriber")) == 1


async def test_a_patch_leaves_out_changes_and_takes_away(
    web: Web, place: Place, administrator: User
) -> None:
    change = of_subscriber(place, contact={"phone": None, "email": "new@example.com"})

    answer = await web.ask(UPDATE, administrator, input=change)

    subscriber = answer.data["updateSubscriber"]["subscriber"]
    assert (subscriber["name"], subscriber["phone"]) == ("Ayşe Işık", None)
    assert (subscriber["email"], subscriber["version"]) == ("new@example.com", 2)


async def test_an_older_version_changes_nothing(
    web: Web, place: Place, administrator: User
) -> None:
    await web.ask(UPDATE, administrator, input=of_subscriber(place, reference="S1"))

    answer = await web.ask(
        UPDATE, administrator, input=of_subscriber(place, contact={"name": "Bora"})
    )

    assert [one["code"] for one in answer.data["updateSubscriber"]["userErrors"]] == [
        "STALE_VERSION"
    ]
    shown = await web.ask("{ subscribers { nodes { name } } }", administrator)
    assert shown.data["subscribers"]["nodes"] == [{"name": "Ayşe Işık"}]


async def test_who_sees_no_contacts_costs_only_those_fields(web: Web, place: Place) -> None:
    operator = await web.user(place.company_id, Role.OPERATOR)

    answer = await web.ask(CONTACTS, operator)

    (shown,) = answer.body["data"]["subscribers"]["nodes"]
    assert shown["reference"]
    assert (shown["name"], shown["phone"], shown["email"]) == (None, None, None)
    assert set(answer.codes) == {"FORBIDDEN"}
    assert await reads() == []


async def test_who_looks_at_contacts_leaves_one_entry_a_person_and_request(
    web: Web, place: Place, administrator: User
) -> None:
    other = await subscribers.create(
        company_id=place.company_id, reference="~", contact={"name": "Bora"}, keyring=KEYRING
    )

    await web.ask(CONTACTS, administrator)
    await web.ask("{ subscribers { nodes { reference isProtected } } }", administrator)

    assert sorted(await reads()) == sorted([place.subscriber_id, other])


async def test_a_subscriber_sees_the_own_contact_alone(web: Web, place: Place) -> None:
    other = await subscribers.create(
        company_id=place.company_id, reference="~", contact={"name": "Bora"}, keyring=KEYRING
    )
    user = await web.user(place.company_id, Role.SUBSCRIBER, subscriber_id=other)

    answer = await web.ask("{ subscribers { nodes { name } } }", user)
    neighbour = await web.ask(
        "query ($id: ID!) { node(id: $id) { ... on Subscriber { name } } }",
        user,
        id=encode("Subscriber", place.subscriber_id),
    )

    assert answer.data["subscribers"]["nodes"] == [{"name": "Bora"}]
    assert neighbour.errors == [("NOT_FOUND", ["node"])]
    assert await reads() == [other]


async def test_who_is_confined_to_a_field_changes_nobody_elsewhere(web: Web, place: Place) -> None:
    confined = await web.user(place.company_id, field_id=place.field_id)

    unseen = await web.ask(UPDATE, confined, input=of_subscriber(place, reference="Mine"))
    added = await web.ask(CREATE, confined, input={"reference": "S9"})
    supply = await add_supply(place)
    seen = await web.ask(UPDATE, confined, input=of_subscriber(place, reference="Mine"))

    assert supply.account_id is not None
    assert unseen.errors == [("NOT_FOUND", ["updateSubscriber"])]
    assert added.errors == [("FORBIDDEN", ["createSubscriber"])]
    assert seen.data["updateSubscriber"]["subscriber"]["reference"] == "Mine"


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.SUBSCRIBER])
async def test_without_the_scope_nobody_is_changed_or_erased(
    web: Web, place: Place, role: Role
) -> None:
    own = place.subscriber_id if role is Role.SUBSCRIBER else None
    user = await web.user(place.company_id, role, subscriber_id=own)

    changed = await web.ask(UPDATE, user, input=of_subscriber(place, reference="Mine"))
    gone = await web.ask(ERASE, user, input=erased(place))

    assert changed.errors == [("FORBIDDEN", ["updateSubscriber"])]
    assert gone.errors == [("FORBIDDEN", ["eraseSubscriber"])]
    assert [row["version"] for row in await fetch("select version from subscriber")] == [1]
    assert len(await fetch("select from person_key")) == 1

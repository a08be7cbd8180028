"""Who sees which messages, and how much of them."""

from datetime import timedelta
from typing import Any

import pytest

from api.global_ids import encode
from db import access
from db.enums import Role
from domain.subscribers import operations as subscribers
from tests.api.web import User, Web
from tests.factories import KEYRING, NOW, Place, make_place
from tests.walls.deliveries import tell

MESSAGES = """
query ($where: MessageWhereInput) {
  messages(where: $where) {
    totalCount
    nodes {
      channel kind state attempts createdAt nextAttemptAt sentAt endedAt failure reply providerId
      account { id } subscriber { id } user { id }
      history { at state attempt detail }
    }
  }
}
"""
SAID = "{ messages { nodes { recipient subject body } } }"
THROUGH = """
query ($account: ID!, $subscriber: ID!) {
  account: node(id: $account) { ... on Account { messages { nodes { kind } } } }
  subscriber: node(id: $subscriber) { ... on Subscriber { messages { nodes { kind } } } }
}
"""
SENT_AT = (NOW - timedelta(days=1)).isoformat()


@pytest.fixture
async def place(web: Web) -> Place:
    place = await make_place()
    await tell(place)
    return place


async def reads(place: Place) -> int:
    async with access.system() as connection:
        return int(
            await connection.fetchval(
                "select count(*) from daily_entry where company_id = $1 and kind = 'READ'"
                " and user_id is not null",
                place.company_id,
            )
        )


async def test_operators_see_what_became_of_messages(web: Web, place: Place) -> None:
    operator = await web.user(place.company_id, Role.OPERATOR)

    answer = await web.ask(MESSAGES, operator)

    # The user is for those who may see users.
    assert answer.codes == ["FORBIDDEN"]
    assert answer.body["data"]["messages"] == {
        "totalCount": 1,
        "nodes": [
            {
                "channel": "SMS",
                "kind": "RECONNECTION",
                "state": "SENT",
                "attempts": 1,
                "createdAt": SENT_AT,
                "nextAttemptAt": None,
                "sentAt": SENT_AT,
                "endedAt": SENT_AT,
                "failure": None,
                "reply": f"taken for {place.field_id}",
                "providerId": f"{place.field_id} of it",
                "account": {"id": encode("Account", place.supplies[0].account_id or 0)},
                "subscriber": {"id": encode("Subscriber", place.subscriber_id)},
                "user": None,
                "history": [
                    {"at": SENT_AT, "state": "WAITING", "attempt": 0, "detail": None},
                    {
                        "at": SENT_AT,
                        "state": "SENT",
                        "attempt": 1,
                        "detail": f"taken for {place.field_id}",
                    },
                ],
            }
        ],
    }


@pytest.mark.parametrize(
    ("where", "count"),
    [
        pytest.param({"channel": {"eq": "SMS"}}, 1, id="its channel"),
        pytest.param({"channel": {"eq": "MAIL"}}, 0, id="another channel"),
        pytest.param({"state": {"in": ["BOUNCED", "FAILED"]}}, 0, id="what did not arrive"),
        pytest.param({"kind": {"eq": "RECONNECTION"}}, 1, id="its kind"),
    ],
)
async def test_messages_are_chosen(
    web: Web, place: Place, where: dict[str, Any], count: int
) -> None:
    auditor = await web.user(place.company_id, Role.AUDITOR)

    answer = await web.ask(MESSAGES, auditor, where=where)

    assert answer.data["messages"]["totalCount"] == count


async def test_what_a_message_said_is_contact_data(web: Web, place: Place) -> None:
    operator = await web.user(place.company_id, Role.OPERATOR)
    administrator = await web.user(place.company_id)

    refused = await web.ask(SAID, operator)
    before = await reads(place)
    shown = await web.ask(SAID, administrator)

    nothing = {"recipient": None, "subject": None, "body": None}
    assert (refused.body["data"]["messages"]["nodes"], refused.codes) == (
        [nothing],
        ["FORBIDDEN"] * 3,
    )
    assert before == 0
    (said,) = shown.data["messages"]["nodes"]
    assert (said["recipient"], said["subject"]) == ("+905550000000", None)
    assert said["body"].endswith("the supply of one of them is back.")
    assert await reads(place) == 1


async def test_subscribers_see_their_own(web: Web, place: Place) -> None:
    stranger = await subscribers.create(
        company_id=place.company_id,
        reference="another",
        contact={"name": "Somebody Else"},
        keyring=KEYRING,
    )
    own = await web.user(place.company_id, Role.SUBSCRIBER, subscriber_id=place.subscriber_id)
    other = await web.user(place.company_id, Role.SUBSCRIBER, subscriber_id=stranger)

    assert len((await web.ask(SAID, own)).data["messages"]["nodes"]) == 1
    assert (await web.ask(SAID, other)).data["messages"]["nodes"] == []


async def test_messages_are_found_through_what_they_are_about(web: Web, place: Place) -> None:
    administrator = await web.user(place.company_id)

    answer = await web.ask(
        THROUGH,
        administrator,
        account=encode("Account", place.supplies[0].account_id or 0),
        subscriber=encode("Subscriber", place.subscriber_id),
    )

    expected = {"messages": {"nodes": [{"kind": "RECONNECTION"}]}}
    assert answer.data == {"account": expected, "subscriber": expected}


async def test_messages_need_their_scope(web: Web, place: Place) -> None:
    partner: User = await web.user(place.company_id, Role.PARTNER)

    answer = await web.ask(SAID, partner)

    assert (answer.codes, answer.body["data"]) == (["FORBIDDEN"], {"messages": None})

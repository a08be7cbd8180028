"""Reading messages: what became of them, and for those who may see contact data, what they said."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from db.access import Connection
from db.enums import MessageChannel, MessageKind, MessageState
from db.ids import CompanyId, SubscriberId
from domain.facets import id_of, instant, whole, word
from domain.listing import Listing, Relation, Wall, fetch
from domain.messages.subscriber_letters import body_of, recipient_of
from domain.subscribers.keyring import Keyring

EVENTS_MAX = 100

MESSAGES = Listing(
    table="message",
    columns=(
        "id",
        "channel",
        "kind",
        "state",
        "user_id",
        "subscriber_id",
        "account_id",
        "attempts",
        "created_at",
        "case when state = 'WAITING' then next_attempt_at end as next_attempt_at",
        "sent_at",
        "ended_at",
        "failure",
        "reply",
        "provider_id",
    ),
    facets=(
        word("message.channel", MessageChannel),
        word("message.kind", MessageKind),
        word("message.state", MessageState),
        whole("message.attempts"),
        instant("message.created_at"),
        instant("message.sent_at", nullable=True),
        instant("message.ended_at", nullable=True),
        id_of("account", "message.account_id", nullable=True),
        id_of("subscriber", "message.subscriber_id", nullable=True),
    ),
    order="created_at",
    newest_first=True,
)
MESSAGES_OF_ACCOUNT = Relation(MESSAGES, "message.account_id = parent.id")
MESSAGES_OF_SUBSCRIBER = Relation(MESSAGES, "message.subscriber_id = parent.id")

EVENTS = """
    select message.id as of_message, e.at, e.state, e.attempt, e.detail
    from message cross join lateral (
        select * from message_event e
        where e.company_id = message.company_id and e.message_id = message.id
        order by e.id limit {{limit}}
    ) e
    where message.company_id = {{company}} and {condition} and message.id = any({{ids}}::int8[])
    order by message.id, e.id
"""
# One entry a person and a request, however many messages are opened.
KEPT = """
    with found as (
        select message.id, message.subscriber_id, k.wrapped_key, message.recipient, message.body
        from message
        join person_key k on k.company_id = message.company_id
            and k.subscriber_id = message.subscriber_id
        where message.company_id = {{company}} and {condition}
            and message.id = any({{ids}}::int8[])
            and message.recipient is not null and message.body is not null
    ), told as (
        select record_read('Subscriber', array(select distinct subscriber_id from found)))
    select found.* from found, told
"""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a message. attempt: 0 until the first."""

    at: datetime
    state: MessageState
    attempt: int
    detail: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """What a message said, and to which address."""

    recipient: str
    subject: str
    text: str


async def histories(
    connection: Connection, ids: Sequence[int], *, wall: Wall
) -> dict[int, list[Event]]:
    """Return what happened to messages that the wall lets through, the first 100 events of each."""
    template = EVENTS.format(condition=wall.condition("message"))
    values = {**wall.values, "ids": list(ids), "limit": EVENTS_MAX}
    found: dict[int, list[Event]] = defaultdict(list)
    for row in await fetch(connection, template, values):
        event = Event(row["at"], MessageState(row["state"]), row["attempt"], row["detail"])
        found[row["of_message"]].append(event)
    return found


async def read(
    connection: Connection, keyring: Keyring, ids: Sequence[int], *, wall: Wall
) -> dict[int, Said]:
    """Return what messages said that the wall lets through; that it was read is recorded.

    What was never kept, or was forgotten with the person, is not among them.
    """
    template = KEPT.format(condition=wall.condition("message"))
    rows = await fetch(connection, template, {**wall.values, "ids": list(ids)})
    company_id = CompanyId(int(str(wall.values["company"])))
    said = {}
    for row in rows:
        key = keyring.unwrapped(
            row["wrapped_key"],
            company_id=company_id,
            subscriber_id=SubscriberId(row["subscriber_id"]),
        )
        words = orjson.loads(key.open(row["body"], what=body_of(row["id"])))
        to = key.open(row["recipient"], what=recipient_of(row["id"]))
        said[row["id"]] = Said(to, words["subject"], words["text"])
    return said

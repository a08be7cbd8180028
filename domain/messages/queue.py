"""The queue of messages: each is written in the transaction that does what it tells of.

Not here: sending them, what they say, and what comes back of those that were sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from db.access import Connection
from db.enums import MessageChannel, MessageKind
from db.ids import AccountId, CompanyId, MessageId, SubscriberId, UserId
from domain.messages.facts import Facts, kind_of, packed

PLATFORM = CompanyId(0)

PUT = """
    with made as (
        insert into message (company_id, id, channel, kind, user_id, reference_id, facts, sealed,
            locale, next_attempt_at, created_at)
        values ($1, coalesce($2::int8, nextval('id_sequence')), 'MAIL', $3, $4, $5, $6::jsonb, $7,
            $8, $9, $9)
        returning company_id, id
    )
    insert into message_event (company_id, message_id, at, state, attempt)
    select company_id, id, $9, 'WAITING', 0 from made
"""
IDS = "select nextval('id_sequence') from generate_series(1, $1)"
PUT_ALL = """
    with made as (
        insert into message (company_id, id, channel, kind, subscriber_id, account_id,
            reference_id, facts, locale, next_attempt_at, created_at)
        select $1, m.id, m.channel, m.kind, m.subscriber_id, m.account_id, m.reference_id,
            m.facts::jsonb, m.locale, $2, $2
        from unnest($3::int8[], $4::text[], $5::text[], $6::int8[], $7::int8[], $8::int8[],
            $9::text[], $10::text[])
            m (id, channel, kind, subscriber_id, account_id, reference_id, facts, locale)
        returning company_id, id
    )
    insert into message_event (company_id, message_id, at, state, attempt)
    select company_id, id, $2, 'WAITING', 0 from made
"""


async def put(
    connection: Connection,
    *,
    company_id: CompanyId,
    kind: MessageKind,
    locale: str,
    now: datetime,
    message_id: MessageId | None = None,
    user_id: UserId | None = None,
    reference_id: int | None = None,
    sealed: bytes | None = None,
    facts: Facts | None = None,
) -> None:
    """Queue a mail to a user in the transaction that does what it tells of.

    facts: None where they are found out when it is sent.
    """
    await connection.execute(
        PUT,
        company_id,
        message_id,
        kind,
        user_id,
        reference_id,
        None if facts is None else _json(facts),
        sealed,
        locale,
        now,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What an account's payer is told by a channel. reference_id: what it is about.

    locale: the company's, for whoever has not chosen a language.
    """

    account_id: AccountId
    subscriber_id: SubscriberId
    channel: MessageChannel
    facts: Facts
    locale: str
    reference_id: int | None


async def put_all(
    connection: Connection, *, company_id: CompanyId, tellings: Sequence[Telling], now: datetime
) -> list[MessageId]:
    """Queue messages about accounts in the transaction that does what they tell of."""
    if not tellings:
        return []
    rows = [
        (
            one.channel,
            kind_of(one.facts),
            one.subscriber_id,
            one.account_id,
            one.reference_id,
            _json(one.facts),
            one.locale,
        )
        for one in tellings
    ]
    ids = [row[0] for row in await connection.fetch(IDS, len(rows))]
    await connection.execute(PUT_ALL, company_id, now, ids, *zip(*rows, strict=True))
    return [MessageId(one) for one in ids]


def _json(facts: Facts) -> str:
    return orjson.dumps(packed(facts)).decode()

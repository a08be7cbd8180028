"""Mail that waited before there were messages is sent after, and the other way round."""

import asyncpg

from db.migrate import migrate
from db.settings import Urls
from tests.factories import NOW

BEFORE = "wattledger.m0020_tariffs"
PUT_MAIL = """
    insert into mail (company_id, kind, sealed, locale, state, next_attempt_at, created_at,
        ended_at, failure)
    values (0, 'PASSWORD_RESET', $1, 'tr', $2, $3, $3, $4, $5)
"""


async def test_mail_becomes_messages_and_mail_again(database: Urls) -> None:
    await migrate(database.owner, target=BEFORE)
    owner = await asyncpg.connect(database.owner)
    try:
        await owner.execute(PUT_MAIL, b"sealed", "WAITING", NOW, None, None)
        await owner.execute(PUT_MAIL, None, "SENT", NOW, NOW, None)
        await owner.execute(PUT_MAIL, None, "FAILED", NOW, NOW, "550")
        mail = await owner.fetch("select * from mail order by id")

        await migrate(database.owner)
        messages = await owner.fetch(
            "select channel, state, sealed, sent_at, failure from message order by id"
        )
        events = await owner.fetch("select state, at, detail from message_event order by id")
        await owner.execute("update message set state = 'BOUNCED' where state = 'SENT'")
        await owner.execute(
            "insert into message (company_id, kind, locale, next_attempt_at, created_at)"
            " values (0, 'SYSTEM_REPORT', 'tr', $1, $1)",
            NOW,
        )
        await migrate(database.owner, target=BEFORE)
        again = await owner.fetch("select * from mail order by id")
    finally:
        await owner.close()

    assert [tuple(row.values()) for row in messages] == [
        ("MAIL", "WAITING", b"sealed", None, None),
        ("MAIL", "SENT", None, NOW, None),
        ("MAIL", "FAILED", None, None, "550"),
    ]
    assert [tuple(row.values()) for row in events] == [("SENT", NOW, None), ("FAILED", NOW, "550")]
    assert [row["state"] for row in again] == ["WAITING", "FAILED", "FAILED"]
    assert [row["id"] for row in again] == [row["id"] for row in mail]

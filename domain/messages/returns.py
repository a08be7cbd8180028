"""What comes back of letters that were sent: delivered, or bounced."""

from collections.abc import Mapping
from datetime import datetime

from db import access
from db.enums import MessageChannel, MessageState
from db.ids import CompanyId, MessageId
from domain.identity.keys import Keys
from domain.messages.letters import message_of
from domain.messages.operations import said
from domain.messages.reports import DeliveryReport
from domain.notices import proofs

# What else is reported changes nothing, and is kept as it came.
STATES: Mapping[str, MessageState] = {
    "delivered": MessageState.DELIVERED,
    "failed": MessageState.BOUNCED,
}
LOCK = """
    select state, attempts from message
    where company_id = $1 and id = $2 and channel = 'MAIL' for no key update
"""
# A server that has handed a letter on may hear later that it came back.
CHANGE = """
    update message set state = $3, ended_at = $4, failure = case when $3 = 'BOUNCED' then $5 end,
        sealed = null
    where company_id = $1 and id = $2
"""
TOLD = """
    select exists (select from message_event
        where company_id = $1 and message_id = $2 and state = $3 and detail is not distinct from $4)
"""
TELL = """
    insert into message_event (company_id, message_id, at, state, attempt, detail)
    values ($1, $2, $3, $4, $5, $6)
"""


async def note(report: DeliveryReport, *, keys: Keys, now: datetime) -> MessageState | None:
    """Keep what a server reports of a letter, and return how far it is now.

    None: it is no letter of ours. A bounce is final. Repeating changes nothing.
    """
    named = message_of(keys, report.letter_id)
    if named is None:
        return None
    detail = said(" ".join((report.action, report.status, report.diagnostic)).strip())
    async with access.system() as connection:
        row = await connection.fetchrow(LOCK, *named)
        if row is None:
            return None
        before = MessageState(row["state"])
        after = STATES.get(report.action, before)
        if before is MessageState.BOUNCED or await connection.fetchval(TOLD, *named, after, detail):
            return before
        if after is not before:
            await connection.execute(CHANGE, *named, after, now, detail)
            await proofs.follow(
                connection,
                company_id=CompanyId(named[0]),
                message_id=MessageId(named[1]),
                channel=MessageChannel.MAIL,
                state=after,
                at=now,
            )
        await connection.execute(TELL, *named, now, after, row["attempts"], detail)
    return after

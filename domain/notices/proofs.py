"""What became of the messages that notices went with: a proven delivery proves the notice.

That a server took a message proves nothing yet; that it reached its mailbox does. A letter that
comes back after all proves nothing any more. What somebody recorded by hand stays as it is.
"""

from datetime import datetime

from db.access import Connection
from db.enums import DeliveryMethod, MessageChannel, MessageState
from db.ids import CompanyId, MessageId

METHODS = {
    MessageChannel.MAIL: DeliveryMethod.EMAIL,
    MessageChannel.SMS: DeliveryMethod.SMS,
}
# A report may be dated before the notice by a clock that is not ours.
PROVE = """
    update overdue_notice set delivered_at = greatest($3, issued_at), delivery_method = $4,
        version = version + 1
    where company_id = $1 and message_id = $2 and delivered_at is null
"""
DISPROVE = """
    update overdue_notice set delivered_at = null, delivery_method = null, version = version + 1
    where company_id = $1 and message_id = $2 and delivery_evidence is null
        and delivered_at is not null
"""


async def follow(
    connection: Connection,
    *,
    company_id: CompanyId,
    message_id: MessageId,
    channel: MessageChannel,
    state: MessageState,
    at: datetime,
) -> None:
    """Note how far a message is, in the transaction that says so. Safe to repeat."""
    if state is MessageState.DELIVERED:
        await connection.execute(PROVE, company_id, message_id, at, METHODS[channel])
    elif state is MessageState.BOUNCED:
        await connection.execute(DISPROVE, company_id, message_id)

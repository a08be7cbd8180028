"""Letters to subscribers about their accounts, in their language.

That their data is read for it is recorded.
"""

from datetime import datetime
from typing import Final

import orjson

from db import access
from db.enums import MessageChannel, MessageKind
from domain.listing import no_wall
from domain.messages.facts import Invoice, OverdueNotice, unpacked
from domain.messages.letters import Letter, NoAddress, Office
from domain.messages.operations import Kept, Waiting
from domain.messages.wording import Addressee, Words, worded
from domain.subscribers import contacts
from domain.subscribers.contacts import Contact

ABOUT = """
    select c.name as company, c.time_zone, a.number as account
    from company c left join account a on a.company_id = c.id and a.id = $2
    where c.id = $1
"""
ADDRESSES: Final = {MessageChannel.MAIL: "email", MessageChannel.SMS: "phone"}
PAGES: Final = {
    MessageKind.LOW_CREDIT: "top-up",
    MessageKind.CUT_OFF: "top-up",
    MessageKind.INVOICE: "invoices",
    MessageKind.OVERDUE_NOTICE: "invoices",
}
OTHER_PAGE: Final = "account"


async def subscriber_letter(office: Office, message: Waiting, *, now: datetime) -> Letter | None:
    """Return the letter; None when the person was forgotten meanwhile. Safe to repeat.

    :raises NoAddress: the subscriber has no address of the channel
    """
    subscriber_id = message.subscriber_id or 0
    wall = no_wall(company_id=message.company_id, now=now)
    async with access.tenant(message.company_id) as connection:
        found = await contacts.read(connection, office.keyring, [subscriber_id], wall=wall)
        about = await connection.fetchrow(ABOUT, message.company_id, message.account_id)
    contact = found.get(subscriber_id)
    if contact is None or about is None:
        return None
    to = contact.field(ADDRESSES[message.channel])
    if to is None:
        raise NoAddress
    page = PAGES.get(message.kind, OTHER_PAGE)
    told = unpacked(message.kind, message.facts or {})
    addressee = Addressee(
        name=contact.field("name"),
        company=about["company"],
        time_zone=about["time_zone"],
        link=office.account_link(
            page,
            about["account"] or "",
            told.number if isinstance(told, Invoice | OverdueNotice) else None,
        ),
    )
    words = worded(
        told,
        addressee,
        locale=contact.field("language") or message.locale,
        channel=message.channel,
    )
    return office.letter(message, to=to, words=words, kept=_kept(contact, message, to, words))


def _kept(contact: Contact, message: Waiting, to: str, words: Words) -> Kept:
    said = orjson.dumps({"subject": words.subject, "text": words.text}).decode()
    return Kept(
        recipient=contact.seal(to, what=recipient_of(message.id)),
        body=contact.seal(said, what=body_of(message.id)),
    )


def recipient_of(message_id: int) -> str:
    return f"recipient of message {message_id}"


def body_of(message_id: int) -> str:
    return f"body of message {message_id}"

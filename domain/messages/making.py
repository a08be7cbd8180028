"""The letter of a queued message, whoever gets it."""

from datetime import datetime

from domain.messages.letters import Letter, Office
from domain.messages.operations import Waiting
from domain.messages.subscriber_letters import subscriber_letter
from domain.messages.user_letters import user_letter


async def letter_of(office: Office, message: Waiting, *, now: datetime) -> Letter | None:
    """Return the letter; None when nobody has to get it any more. Safe to repeat.

    :raises NoAddress: whoever gets it cannot be reached by its channel
    :raises NotSpoken: there are no words for it
    """
    make = user_letter if message.subscriber_id is None else subscriber_letter
    return await make(office, message, now=now)

"""What waits to be mailed, as it would go out."""

import re
from datetime import datetime

from db.enums import MessageChannel
from domain.identity.keys import Keys
from domain.messages import operations
from domain.messages.letters import Letter, Office
from domain.messages.making import letter_of
from tests.factories import KEYRING

PUBLIC_URL = "https://meters.example"


async def letters(secret: str, *, now: datetime) -> list[Letter]:
    """Take all mail that is due out of the queue, and return the letters."""
    office, found = Office(Keys(secret), KEYRING, PUBLIC_URL), []
    while waiting := await operations.claim(channel=MessageChannel.MAIL, now=now):
        for message in waiting:
            letter = await letter_of(office, message, now=now)
            if letter is None:
                await operations.drop(message, now=now)
            else:
                await operations.sent(message, kept=letter.kept, now=now)
                found.append(letter)
    return found


def token_in(letter: Letter) -> str:
    found = re.search(r"#token=(\S+)", letter.text)
    assert found is not None, letter.text
    return found[1]

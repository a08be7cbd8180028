"""What waits to be mailed, as it would go out."""

import re
from datetime import datetime

from domain.identity.keys import Keys
from domain.messages import operations
from domain.messages.letters import Letter, Office

PUBLIC_URL = "https://meters.example"


async def letters(secret: str, *, now: datetime) -> list[Letter]:
    """Take all mail that is due out of the queue, and return the letters."""
    office, found = Office(Keys(secret), PUBLIC_URL), []
    while waiting := await operations.claim(now=now):
        for mail in waiting:
            letter = await office.letter(mail, now=now)
            if letter is None:
                await operations.drop(mail, now=now)
            else:
                await operations.sent(mail, now=now)
                found.append(letter)
    return found


def token_in(letter: Letter) -> str:
    found = re.search(r"#token=(\S+)", letter.text)
    assert found is not None, letter.text
    return found[1]

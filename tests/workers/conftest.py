"""Fixtures of tests of workers: those of the domain, a mail server, and who sends to it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiosmtpd.smtp import SMTP

from domain.identity.keys import Keys
from domain.messages.letters import Office
from tests.db.conftest import connected, passwords
from tests.factories import KEYRING
from tests.inbox import MAIL, SECRET, SENDER, Clock, Inbox
from tests.mailbox import PUBLIC_URL
from workers.jobs.messages import Postman
from workers.mail_delivery import SmtpDelivery

__all__ = ["connected", "passwords"]


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def server(inbox: Inbox) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    serving = await loop.create_server(
        lambda: SMTP(inbox, hostname="localhost", loop=loop), "127.0.0.1", 0
    )
    async with serving:
        yield f"smtp://127.0.0.1:{serving.sockets[0].getsockname()[1]}"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def postman(server: str, clock: Clock) -> Postman:
    office = Office(Keys(SECRET), KEYRING, PUBLIC_URL)
    return Postman(office, {MAIL: SmtpDelivery(server, sender=SENDER)}, clock=clock)

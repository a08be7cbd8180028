"""Mail reaches a real server once, and again when that is in doubt, under one Message-ID."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest
from aiosmtpd.smtp import SMTP, Envelope

from db import access
from db.enums import MessageKind
from db.settings import Settings
from domain.identity import credentials
from domain.identity.keys import Keys
from domain.identity.operations import create_user
from domain.identity.passwords import Passwords
from domain.messages.letters import Letter, Office
from domain.messages.operations import ATTEMPTS_MAX, LEASE, PLATFORM, pause_after, put
from tests.factories import NOW
from tests.mailbox import PUBLIC_URL, token_in
from workers.jobs.messages import FOLDER, Postman, postman_of
from workers.mail_delivery import SmtpDelivery

SECRET = "a secret that is long enough for a test"  # noqa: S105
EMAIL = "ayşe@example.com"
SENDER = "Sayaç <meters@example.com>"


@dataclass
class Inbox:
    """What a mail server took, and what it says to the next ones."""

    taken: list[EmailMessage] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Envelope
    ) -> str:
        reply = self.replies.pop(0) if self.replies else "250 taken"
        if reply.startswith("250"):
            content = cast("bytes", envelope.content)
            self.taken.append(message_from_bytes(content, policy=policy.default))
        return reply


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


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
    office = Office(Keys(SECRET), PUBLIC_URL)
    return Postman(office, SmtpDelivery(server, sender=SENDER), clock=clock)


@pytest.fixture
async def user(connected: None) -> AsyncIterator[str]:
    """Make somebody who has forgotten the password, and asks for another."""
    passwords = Passwords()
    await create_user(
        email="ayse@example.com",
        name="Ayşe",
        password="a long password",  # noqa: S106
        passwords=passwords,
        now=NOW,
    )
    await ask("Ayse@Example.com")
    yield "ayse@example.com"
    passwords.close()


async def ask(email: str) -> None:
    await credentials.request_reset(email=email, keys=Keys(SECRET), locale="tr", now=NOW)


async def queue() -> list[asyncpg.Record]:
    async with access.system() as connection:
        return await connection.fetch("select * from mail order by id")


async def test_mail_arrives_once(user: str, postman: Postman, inbox: Inbox, clock: Clock) -> None:
    await asyncio.gather(*(postman.deliver_waiting() for _ in range(3)))
    clock.now += timedelta(days=1)
    await postman.deliver_waiting()

    (message,) = inbox.taken
    (row,) = await queue()
    assert (message["To"], message["Subject"]) == (user, "Yeni parola belirleyin")
    assert message["From"] == SENDER
    assert message["Message-ID"] == f"<wattledger.0.{row['id']}@example.com>"
    assert "Merhaba Ayşe" in message.get_content()
    assert (row["state"], row["attempts"], row["sealed"]) == ("SENT", 1, None)


async def test_mail_that_a_server_puts_off_comes_later(
    user: str, postman: Postman, inbox: Inbox, clock: Clock
) -> None:
    inbox.replies = ["451 later", "451 later"]

    await postman.deliver_waiting()
    clock.now += pause_after(1) - timedelta(seconds=1)
    assert await postman.deliver_waiting() == 0
    clock.now += timedelta(seconds=1)
    await postman.deliver_waiting()
    clock.now += pause_after(2)
    await postman.deliver_waiting()

    (row,) = await queue()
    assert len(inbox.taken) == 1
    assert (row["state"], row["attempts"]) == ("SENT", 3)


async def test_mail_that_a_server_refuses_for_good_is_not_tried_again(
    user: str, postman: Postman, inbox: Inbox, clock: Clock
) -> None:
    inbox.replies = ["550 no such person: ayse@example.com"]

    await postman.deliver_waiting()
    clock.now += timedelta(days=1)

    assert await postman.deliver_waiting() == 0
    (row,) = await queue()
    assert (row["state"], row["sealed"]) == ("FAILED", None)
    assert "550" in row["failure"]
    assert "ayse" not in row["failure"]


async def test_mail_is_given_up_after_eight_attempts(
    user: str, postman: Postman, inbox: Inbox, clock: Clock
) -> None:
    inbox.replies = ["451 later"] * 20

    for _ in range(ATTEMPTS_MAX + 2):
        await postman.deliver_waiting()
        clock.now += timedelta(days=1)

    (row,) = await queue()
    assert (row["state"], row["attempts"]) == ("FAILED", ATTEMPTS_MAX)
    assert inbox.taken == []


class Stuck:
    """A delivery in which a worker is killed, before or after the letter has left."""

    def __init__(self, then: SmtpDelivery | None) -> None:
        self._then = then
        self.reached = asyncio.Event()

    async def deliver(self, letter: Letter, *, now: datetime) -> None:
        if self._then is not None:
            await self._then.deliver(letter, now=now)
        self.reached.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("has_left", "letters"),
    [
        pytest.param(False, 1, id="between claim and send"),
        pytest.param(True, 2, id="between send and record"),
    ],
)
async def test_mail_survives_a_worker_that_is_killed(
    user: str,
    postman: Postman,
    inbox: Inbox,
    clock: Clock,
    server: str,
    has_left: bool,
    letters: int,
) -> None:
    stuck = Stuck(SmtpDelivery(server, sender=SENDER) if has_left else None)
    killed = asyncio.create_task(
        Postman(Office(Keys(SECRET), PUBLIC_URL), stuck, clock=clock).run()
    )
    await stuck.reached.wait()
    killed.cancel()
    await asyncio.wait([killed])

    assert await postman.deliver_waiting() == 0
    clock.now += LEASE
    await postman.deliver_waiting()

    assert len(inbox.taken) == letters
    # Whichever of the two is opened, its link is the same and good.
    assert len({message["Message-ID"] for message in inbox.taken}) == 1
    assert len({message.get_content() for message in inbox.taken}) == 1


async def test_a_letter_that_cannot_leave_stops_no_other(
    user: str, postman: Postman, inbox: Inbox
) -> None:
    async with access.system() as connection:
        user_id = await connection.fetchval(
            "insert into app_user (email, name, created_at)"
            " values ('no address at all', 'Nobody', $1) returning id",
            NOW,
        )
        await put(
            connection,
            company_id=PLATFORM,
            kind=MessageKind.PASSWORD_CHANGED,
            locale="en",
            user_id=user_id,
            now=NOW - timedelta(minutes=1),
        )

    await postman.deliver_waiting()

    assert sorted(row["state"] for row in await queue()) == ["FAILED", "SENT"]
    assert [message["To"] for message in inbox.taken] == [user]


async def test_mail_for_nobody_is_dropped(connected: None, postman: Postman, inbox: Inbox) -> None:
    await ask("nobody@example.com")

    await postman.deliver_waiting()

    (row,) = await queue()
    assert (row["state"], row["sealed"]) == ("DROPPED", None)
    assert inbox.taken == []


async def test_a_server_that_is_away_is_tried_again(user: str, clock: Clock) -> None:
    office = Office(Keys(SECRET), PUBLIC_URL)
    postman = Postman(office, SmtpDelivery("smtp://127.0.0.1:1", sender=SENDER), clock=clock)

    await postman.deliver_waiting()

    (row,) = await queue()
    assert row["state"] == "WAITING"


async def test_without_a_server_developers_find_mail_in_a_folder(
    user: str, tmp_path: Path, clock: Clock
) -> None:
    settings = Settings(home=tmp_path, token_secret=SECRET, public_url=PUBLIC_URL)
    postman = postman_of(settings, clock=clock)
    assert postman is not None

    await postman.deliver_waiting()

    (file,) = (tmp_path / FOLDER).iterdir()
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert message["To"] == user
    body = Letter(id="", to="", subject="", text=message.get_content())
    assert len(token_in(body)) == 43
    assert file.stat().st_mode & 0o777 == 0o600


def test_in_production_mail_waits_for_a_server(tmp_path: Path, clock: Clock) -> None:
    settings = Settings(home=tmp_path, token_secret=SECRET, production=True)

    assert postman_of(settings, clock=clock) is None

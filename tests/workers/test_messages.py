"""Mail reaches a real server once, and again when that is in doubt, under one Message-ID."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import asyncpg
import pytest

from db import access
from db.enums import MessageKind
from db.settings import Settings
from domain.identity import credentials
from domain.identity.keys import Keys
from domain.identity.operations import create_user
from domain.identity.passwords import Passwords
from domain.messages.letters import Letter, Office, letter_id
from domain.messages.operations import ATTEMPTS_MAX, LEASE, Receipt, pause_after
from domain.messages.queue import PLATFORM, put
from tests.factories import KEYRING, NOW
from tests.inbox import MAIL, SECRET, SENDER, Clock, Inbox, text_of
from tests.mailbox import PUBLIC_URL, token_in
from workers.jobs.messages import FOLDER, Postman, postman_of
from workers.mail_delivery import SmtpDelivery


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
        return await connection.fetch("select * from message order by id")


async def history() -> list[tuple[str, int, str | None]]:
    async with access.system() as connection:
        rows = await connection.fetch("select * from message_event order by message_id, id")
    return [(row["state"], row["attempt"], row["detail"]) for row in rows]


async def test_mail_arrives_once(user: str, postman: Postman, inbox: Inbox, clock: Clock) -> None:
    await asyncio.gather(*(postman.deliver_waiting() for _ in range(3)))
    clock.now += timedelta(days=1)
    await postman.deliver_waiting()

    (message,) = inbox.taken
    (row,) = await queue()
    assert (message["To"], message["Subject"]) == (user, "Yeni parola belirleyin")
    assert message["From"] == SENDER
    assert (
        message["Message-ID"] == f"<wattledger.{letter_id(Keys(SECRET), 0, row['id'])}@example.com>"
    )
    assert "Merhaba Ayşe" in text_of(message)
    assert "<p>Merhaba Ayşe,</p>" in text_of(message, "html")
    assert (row["state"], row["attempts"], row["sealed"]) == ("SENT", 1, None)
    assert (row["sent_at"], row["reply"], row["body"]) == (NOW, "taken by …", None)


async def test_mail_that_a_server_puts_off_comes_later(
    user: str, postman: Postman, inbox: Inbox, clock: Clock
) -> None:
    inbox.replies = ["451 later", "451 later"]

    await postman.deliver_waiting()
    clock.now += pause_after(1) - timedelta(seconds=1)
    assert await postman.deliver_waiting() == 0
    clock.now += pause_after(1, chance=1) - pause_after(1) + timedelta(seconds=1)
    await postman.deliver_waiting()
    clock.now += pause_after(2, chance=1)
    await postman.deliver_waiting()

    (row,) = await queue()
    assert len(inbox.taken) == 1
    assert (row["state"], row["attempts"]) == ("SENT", 3)
    assert await history() == [
        ("WAITING", 0, None),
        ("WAITING", 1, "SMTPDataError 451"),
        ("WAITING", 2, "SMTPDataError 451"),
        ("SENT", 3, "taken by …"),
    ]


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

    async def deliver(self, letter: Letter, *, now: datetime) -> Receipt:
        if self._then is not None:
            await self._then.deliver(letter, now=now)
        self.reached.set()
        await asyncio.Event().wait()
        return Receipt()


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
        Postman(Office(Keys(SECRET), KEYRING, PUBLIC_URL), {MAIL: stuck}, clock=clock).run()
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
    assert len({text_of(message) for message in inbox.taken}) == 1


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
    assert await history() == [("WAITING", 0, None), ("DROPPED", 1, None)]
    assert inbox.taken == []


async def test_a_server_that_is_away_is_tried_again(user: str, clock: Clock) -> None:
    office = Office(Keys(SECRET), KEYRING, PUBLIC_URL)
    delivery = SmtpDelivery("smtp://127.0.0.1:1", sender=SENDER)
    postman = Postman(office, {MAIL: delivery}, clock=clock)

    await postman.deliver_waiting()

    (row,) = await queue()
    assert row["state"] == "WAITING"


async def test_without_a_server_developers_find_mail_in_a_folder(
    user: str, tmp_path: Path, clock: Clock
) -> None:
    settings = Settings(home=tmp_path, token_secret=SECRET, public_url=PUBLIC_URL)
    postman = postman_of(settings, keyring=KEYRING, clock=clock)
    assert postman is not None

    await postman.deliver_waiting()

    (file,) = (tmp_path / FOLDER).iterdir()
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert message["To"] == user
    body = Letter(id="", to="", subject="", text=text_of(message))
    assert len(token_in(body)) == 43
    assert file.stat().st_mode & 0o777 == 0o600


def test_in_production_mail_waits_for_a_server(tmp_path: Path, clock: Clock) -> None:
    settings = Settings(home=tmp_path, token_secret=SECRET, production=True)

    assert postman_of(settings, keyring=KEYRING, clock=clock) is None

"""Subscribers are told of their accounts, and what became of that is kept for those who may see."""

from datetime import timedelta
from decimal import Decimal

import asyncpg
import orjson
import pytest

from db import access
from db.enums import ErasureReason, MessageChannel, MessageState
from domain.companies import settings
from domain.identity.keys import Keys
from domain.messages import returns
from domain.messages.facts import CutOff, Money
from domain.messages.letters import Office, letter_id
from domain.messages.queue import Telling, put_all
from domain.messages.reports import DeliveryReport
from domain.messages.subscriber_letters import body_of, recipient_of
from domain.subscribers import contacts, erasure
from domain.subscribers import operations as subscribers
from tests.factories import KEYRING, NOW, Place, account_of, make_place
from tests.inbox import SECRET, Clock, Inbox, text_of
from tests.mailbox import PUBLIC_URL
from workers.delivery import Undelivered
from workers.jobs.accounts import attend
from workers.jobs.messages import Postman
from workers.sms_delivery import LogGateway, SmsDelivery

FACTS = CutOff(
    account="A1",
    balance=Money(Decimal("-1.5"), "TRY"),
    at=NOW,
    smallest_top_up=Money(Decimal("1.51"), "TRY"),
)
SMS = MessageChannel.SMS


class Gateway:
    """A provider of short messages that keeps them, and says no as often as it is told to."""

    def __init__(self, refusals: int = 0) -> None:
        self.taken: dict[str, tuple[str, str]] = {}
        self._refusals = refusals

    async def send(self, *, to: str, text: str, id: str) -> str:
        if self._refusals:
            self._refusals -= 1
            raise Undelivered("BUSY", again=True)
        self.taken[id] = (to, text)
        return f"provider's {len(self.taken)}"


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place()


async def tell(place: Place, channel: MessageChannel = MessageChannel.MAIL) -> None:
    account_id = account_of(place)
    telling = Telling(
        account_id=account_id,
        subscriber_id=place.subscriber_id,
        channel=channel,
        facts=FACTS,
        locale="en",
        reference_id=None,
    )
    async with access.tenant(place.company_id) as connection:
        await put_all(connection, company_id=place.company_id, tellings=[telling], now=NOW)


async def change(place: Place, **contact: str | None) -> None:
    await subscribers.update(
        company_id=place.company_id,
        subscriber_id=place.subscriber_id,
        expected_version=1,
        changes={},
        contact=contact,
        keyring=KEYRING,
    )


async def message() -> asyncpg.Record:
    async with access.system() as connection:
        (row,) = await connection.fetch("select * from message")
    return row


async def history() -> list[tuple[str, str | None]]:
    async with access.system() as connection:
        rows = await connection.fetch("select state, detail from message_event order by id")
    return [(row["state"], row["detail"]) for row in rows]


async def kept(place: Place, row: asyncpg.Record) -> tuple[str, dict[str, str]]:
    async with access.tenant(place.company_id) as connection:
        key = await contacts.key_of(
            connection, KEYRING, company_id=place.company_id, subscriber_id=place.subscriber_id
        )
    body = key.open(row["body"], what=body_of(row["id"]))
    return key.open(row["recipient"], what=recipient_of(row["id"])), orjson.loads(body)


async def test_a_subscriber_is_written_to_in_the_own_language(
    place: Place, postman: Postman, inbox: Inbox
) -> None:
    await change(place, language="tr", email="ayse@example.com")
    await tell(place)

    await postman.deliver_waiting()

    (letter,) = inbox.taken
    assert (letter["To"], letter["Subject"]) == ("ayse@example.com", "Enerjiniz kesildi")
    assert f"{PUBLIC_URL}/top-up#account=A" in text_of(letter)
    assert "Merhaba Ayşe Işık" in text_of(letter)
    row = await message()
    assert (row["state"], row["reply"]) == ("SENT", "taken by …")
    assert await kept(place, row) == (
        "ayse@example.com",
        {"subject": "Enerjiniz kesildi", "text": text_of(letter).replace("\r\n", "\n")},
    )


async def test_a_low_credit_warning_reaches_the_subscriber(
    place: Place, postman: Postman, inbox: Inbox
) -> None:
    await change(place, language="tr")
    await settings.update(
        company_id=place.company_id,
        expected_version=1,
        changes={"warning_limit": Decimal(20)},
    )

    await attend(now=NOW)
    await attend(now=NOW)
    await postman.deliver_waiting()

    (letter,) = inbox.taken
    assert letter["Subject"] == "Krediniz tükendi"
    assert "En küçük yükleme: 1,00 TRY" in text_of(letter)


def as_text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


async def test_what_waits_and_what_is_kept_names_nobody(
    place: Place, postman: Postman, inbox: Inbox
) -> None:
    await tell(place)
    waiting = await message()
    await postman.deliver_waiting()
    sent = await message()

    letter = inbox.taken[0]
    words = ("Ayşe", letter["To"])
    assert words[0] in text_of(letter)
    assert (waiting["recipient"], waiting["body"]) == (None, None)
    assert None not in (sent["recipient"], sent["body"])
    readable = [as_text(value) for row in (waiting, sent) for value in row.values()]
    assert [one for one in readable if any(word in one for word in words)] == []


async def test_that_contact_data_is_read_for_a_message_is_recorded(
    place: Place, postman: Postman
) -> None:
    await tell(place)

    await postman.deliver_waiting()

    async with access.system() as connection:
        read = await connection.fetch(
            "select object_id from daily_entry where company_id = $1 and kind = 'READ'",
            place.company_id,
        )
    assert [row["object_id"] for row in read] == [place.subscriber_id]


async def test_a_short_message_goes_through_the_gateway(place: Place, clock: Clock) -> None:
    gateway = Gateway(refusals=1)
    office = Office(Keys(SECRET), KEYRING, PUBLIC_URL)
    postman = Postman(office, {SMS: SmsDelivery(gateway)}, clock=clock)
    await tell(place, SMS)

    await postman.deliver_waiting()
    clock.now += timedelta(hours=1)
    await postman.deliver_waiting()

    row = await message()
    ((to, text),) = gateway.taken.values()
    assert to == "+905550000000"
    assert f" Smallest top-up: TRY 1.51. {PUBLIC_URL}/top-up#account=A" in text
    assert (row["state"], row["provider_id"], row["attempts"]) == ("SENT", "provider's 1", 2)
    assert [state for state, _ in await history()] == ["WAITING", "WAITING", "SENT"]


async def test_a_gateway_that_only_logs_names_nobody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    provider_id = await LogGateway().send(to="+905550000000", text="Merhaba Ayşe", id="1.2.x")

    (record,) = caplog.records
    assert provider_id == "log-1.2.x"
    assert (record.message, vars(record)["characters"]) == ("sms.logged", 12)
    assert not {"+905550000000", "Merhaba Ayşe"} & {str(value) for value in vars(record).values()}


async def test_a_channel_without_a_way_waits(place: Place, postman: Postman) -> None:
    await tell(place, SMS)

    assert await postman.deliver_waiting() == 0
    assert (await message())["attempts"] == 0


async def test_who_has_no_address_is_not_tried_again(
    place: Place, postman: Postman, inbox: Inbox
) -> None:
    await change(place, email=None)
    await tell(place)

    await postman.deliver_waiting()

    row = await message()
    assert (row["state"], row["failure"], row["attempts"]) == ("FAILED", "NO_ADDRESS", 1)
    assert inbox.taken == []


async def test_who_is_forgotten_is_not_written_to_and_what_was_is_unreadable(
    connected: None, postman: Postman, inbox: Inbox
) -> None:
    place = await make_place()
    await tell(place)
    await postman.deliver_waiting()
    await tell(place)
    async with access.system() as connection:
        await connection.execute("update account set closed_at = $1", NOW)

    await erasure.erase(
        company_id=place.company_id,
        subscriber_id=place.subscriber_id,
        reason=ErasureReason.REQUESTED,
        now=NOW,
    )
    await postman.deliver_waiting()

    async with access.system() as connection:
        rows = await connection.fetch("select state, recipient, body from message order by id")
    assert [tuple(row.values()) for row in rows] == [("SENT", None, None), ("DROPPED", None, None)]
    assert len(inbox.taken) == 1


async def reported(row: asyncpg.Record, action: str, diagnostic: str = "") -> MessageState | None:
    report = DeliveryReport(
        letter_id(Keys(SECRET), row["company_id"], row["id"]), action, "0.0.0", diagnostic
    )
    return await returns.note(report, keys=Keys(SECRET), now=NOW + timedelta(minutes=1))


async def test_a_message_comes_back(place: Place, postman: Postman) -> None:
    await tell(place)
    await postman.deliver_waiting()
    row = await message()

    states = [
        await reported(row, "delayed"),
        await reported(row, "delivered"),
        await reported(row, "delivered"),
        await reported(row, "failed", "550 <ayse@example.com> is unknown"),
        await reported(row, "delivered"),
    ]

    assert states == ["SENT", "DELIVERED", "DELIVERED", "BOUNCED", "BOUNCED"]
    assert await history() == [
        ("WAITING", None),
        ("SENT", "taken by …"),
        ("SENT", "delayed 0.0.0"),
        ("DELIVERED", "delivered 0.0.0"),
        ("BOUNCED", "failed 0.0.0 550 <…> is unknown"),
    ]
    after = await message()
    assert after["failure"] == "failed 0.0.0 550 <…> is unknown"
    assert after["sent_at"] == NOW


async def test_a_report_that_nobody_could_have_got_changes_nothing(
    place: Place, postman: Postman
) -> None:
    await tell(place)
    await postman.deliver_waiting()
    row = await message()

    for guess in (f"{row['company_id']}.{row['id']}", f"{row['company_id']}.{row['id']}.guess"):
        report = DeliveryReport(guess, "failed", "5.0.0", "")
        assert await returns.note(report, keys=Keys(SECRET), now=NOW) is None

    assert await message() == row

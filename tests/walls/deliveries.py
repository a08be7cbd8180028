"""What was sent to a place and from it: frames, files and messages."""

from datetime import timedelta
from decimal import Decimal

from db import access
from db.enums import JobKind, JobState, MessageChannel
from db.ids import FrameId
from domain.frames.operations import REVIEW_FIRST, IncomingFrame
from domain.identity.keys import Keys
from domain.longwork import jobs, running
from domain.longwork.jobs import Asker
from domain.longwork.running import ItemError
from domain.messages import operations as messages
from domain.messages.facts import Money, Reconnection
from domain.messages.letters import Office
from domain.messages.making import letter_of
from domain.messages.operations import Receipt
from domain.messages.queue import Telling, put_all
from tests.factories import KEYRING, NOW, Place, account_of
from tests.imports import sent


async def tell(place: Place) -> None:
    """Give a place's account a message that was sent."""
    account_id = account_of(place)
    now = NOW - timedelta(days=1)
    facts = Reconnection(
        account="one of them", balance=Money(Decimal(1), "TRY"), at=NOW, needs_button=False
    )
    async with access.tenant(place.company_id) as connection:
        telling = Telling(
            account_id=account_id,
            subscriber_id=place.subscriber_id,
            channel=MessageChannel.SMS,
            facts=facts,
            locale="en",
            reference_id=None,
        )
        await put_all(connection, company_id=place.company_id, tellings=[telling], now=now)
    (message,) = await messages.claim(channel=MessageChannel.SMS, now=now)
    office = Office(Keys("a secret that is long enough for a test"), KEYRING, "https://a.example")
    letter = await letter_of(office, message, now=now)
    assert letter is not None
    receipt = Receipt(reply=f"taken for {place.field_id}", provider_id=f"{place.field_id} of it")
    await messages.sent(message, receipt, kept=letter.kept, now=now)


async def give_work(place: Place) -> None:
    """Give a place a file that was sent, and a job that found a fault in it."""
    asker = Asker(user_id=None, role=None, scopes=frozenset())
    content = f"serial\n{place.collector_serial}".encode()
    name = f"collectors-of-{place.field_id}.csv"
    file_id = await sent(place.company_id, None, content, name=name)
    job_id = await jobs.queue(
        company_id=place.company_id,
        kind=JobKind.IMPORT,
        asker=asker,
        input={"file_id": file_id},
        now=NOW,
    )
    run = await running.claim(now=NOW, only=job_id)
    assert run is not None
    fault = ItemError(code="REQUIRED", sheet=name)
    async with run.step(now=NOW) as connection:
        await run.report(connection, [fault], count=1)
    await run.end(JobState.FAILED, now=NOW, error="FAULTY_FILE")


def frame_of(place: Place) -> IncomingFrame:
    return IncomingFrame(
        id=FrameId(place.collector_id),
        company_id=place.company_id,
        collector_id=place.collector_id,
        received_at=NOW,
        function="read",
        reference_id=f"the message {place.collector_id} of it",
        packet=0,
        digest=bytes(16),
        body=f"what {place.collector_id} delivered".encode(),
        bucket=0,
        waits_for=REVIEW_FIRST,
    )

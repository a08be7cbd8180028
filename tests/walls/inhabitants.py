"""Who and what is in a place of the walls' world: a row of every type."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from db import access
from db.enums import JobKind, JobState, MessageChannel, PaymentMethod, ProtectionKind, Role, Scope
from db.ids import FieldId, FrameId, JobId, UserId
from domain.frames import operations as frames
from domain.frames.operations import REVIEW_FIRST, IncomingFrame
from domain.hierarchy import branches, collectors, fields, rf_modules, synchronisations
from domain.identity import invitations, own_roles, providers
from domain.identity.keys import Keys
from domain.identity.operations import add_membership
from domain.identity.providers import GroupRole
from domain.identity.rules import WHOLE_COMPANY, GivenRole, Giver
from domain.identity.rules import Place as Confinement
from domain.invoices import purchases
from domain.ledger import adjustments
from domain.ledger.adjustments import Hand
from domain.ledger.operations import credit_cash
from domain.longwork import jobs, running
from domain.longwork.jobs import Asker
from domain.longwork.running import ItemError
from domain.messages import operations as messages
from domain.messages.facts import Money, Reconnection
from domain.messages.letters import Office
from domain.messages.making import letter_of
from domain.messages.operations import Receipt, put_for_account
from domain.payments import transfers
from domain.payments.operations import record as record_payment
from domain.payments.statements import Transfer
from domain.readings import operations as readings
from domain.refusals import AlreadyExists, StaleVersion
from domain.subscribers import operations as subscribers
from domain.subscribers import protection
from domain.subscribers.protection import Detail
from domain.tariffs import assignments
from domain.tariffs.assignments import Whom
from tests.api.documents import register
from tests.api.keys import KEY, make_key
from tests.factories import (
    KEYRING,
    NOW,
    Place,
    add_supply,
    make_read,
    make_register_set,
)
from tests.imports import sent


async def inhabit(place: Place, index_wh: int) -> None:
    """Give a place rows that `make_place` does not make."""
    await protection.add(
        company_id=place.company_id,
        subscriber_id=place.subscriber_id,
        detail=Detail(
            kind=ProtectionKind.OTHER, document=f"file of {index_wh}", note=f"note of {index_wh}"
        ),
        valid_from=NOW.date(),
        valid_until=None,
        keyring=KEYRING,
    )
    registers = await make_register_set(place.company_id, (f"1.8.{place.field_id}",))
    async with access.system() as connection:
        await readings.store(connection, [make_read(place, registers, NOW, index_wh)], now=NOW)
    await synchronisations.note_clock(
        company_id=place.company_id, collector_id=place.collector_id, device_at=NOW, now=NOW
    )
    await frames.store([frame_of(place)])
    await register(place.company_id, f"query Of{place.company_id} {{ viewer {{ name }} }}")
    await make_key(
        place.company_id,
        replace(KEY, name=f"key of {place.field_id}", place=Confinement(field_id=place.field_id)),
    )
    await assign_tariff(place)
    await give_work(place)
    # Before invitations, which are messages of no place.
    await tell(place)
    await people(place)
    await books(place)
    await payments(place)


# A purchase is paid when it is invoiced: nobody is told of it but here.
OVERDUE = """
    insert into overdue_notice (company_id, invoice_id, number, issued_at, open_micro)
    select company_id, id, 1, $2, 1 from invoice where company_id = $1 and account_id = $3
"""


async def books(place: Place) -> None:
    """Give a place's account an adjustment, an invoice, a payment, and the company a transfer."""
    account_id = place.supplies[0].account_id
    assert account_id is not None
    await adjustments.adjust(
        company_id=place.company_id,
        account_id=account_id,
        amount=Decimal(place.field_id),
        reason=f"For what happened in field {place.field_id}",
        idempotency_key=f"adjustment in field {place.field_id}",
        hand=Hand(),
        now=NOW,
    )
    top_up = await credit_cash(
        company_id=place.company_id,
        account_id=account_id,
        amount=Decimal(place.field_id),
        idempotency_key=f"top-up in field {place.field_id}",
        occurred_at=NOW,
    )
    await purchases.issue(company_id=place.company_id, journal_id=top_up, now=NOW)
    async with access.system() as connection:
        await connection.execute(OVERDUE, place.company_id, NOW, account_id)
    await record_payment(
        company_id=place.company_id,
        account_id=account_id,
        amount=Decimal(place.field_id),
        method=PaymentMethod.CASH,
        reference=f"receipt of field {place.field_id}",
        received_at=NOW,
        idempotency_key=f"payment in field {place.field_id}",
        now=NOW,
    )
    transfer = Transfer(
        booked_date=NOW.date(),
        amount=Decimal(place.field_id),
        currency="TRY",
        text=f"what was written for field {place.field_id}",
        bank_reference=f"transfer for field {place.field_id}",
    )
    async with access.tenant(place.company_id) as connection:
        await transfers.take_in(
            connection, [transfer], company_id=place.company_id, job_id=JobId(1), now=NOW
        )


async def assign_tariff(place: Place) -> None:
    account_id = place.supplies[0].account_id
    assert account_id is not None
    await assignments.assign(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        whom=Whom(account_ids=[account_id]),
        starts_at=NOW + timedelta(days=1),
        now=NOW,
    )


async def payments(place: Place) -> None:
    """Give a place a top-up with a refund and a dispute, and a card that buys by itself."""
    account_id = place.supplies[0].account_id
    assert account_id is not None
    async with access.system() as connection:
        row = await connection.fetchrow(
            PAYMENTS,
            place.company_id,
            account_id,
            place.subscriber_id,
            f"of field {place.field_id}",
            NOW,
        )
    assert row is not None


PAYMENTS = """
    with card as (
        insert into saved_card (company_id, subscriber_id, provider, reference, brand, last4,
            expires_year, expires_month, saved_at)
        values ($1, $3, 'stripe', 'card ' || $4, 'brand ' || $4, '4242', 2034, 12, $5)
        returning id
    ), bought as (
        insert into top_up (company_id, account_id, way, amount_micro, currency, provider,
            idempotency_key, request_hash, return_url, started_at, payment_at, lapses_at,
            payment_reference, failure)
        values ($1, $2, 'CHECKOUT', 25500000, 'TRY', 'stripe', 'key ' || $4, '', 'page ' || $4,
            $5, $5, $5, 'payment ' || $4, 'failure ' || $4)
        returning id
    ), refunded as (
        insert into top_up_refund (company_id, top_up_id, amount_micro, reason, state, requested_at)
        select $1, id, 5000000, 'refund ' || $4, 'REQUESTED', $5 from bought
    ), disputed as (
        insert into top_up_dispute (company_id, top_up_id, amount_micro, reference, reason, state,
            opened_at)
        select $1, id, 5000000, 'dispute ' || $4, 'dispute ' || $4, 'OPEN', $5 from bought
    )
    insert into automatic_top_up (company_id, account_id, saved_card_id, threshold_micro,
        amount_micro)
    select $1, $2, id, 10000000, 50000000 from card returning id
"""


async def people(place: Place) -> None:
    """Give a place a user and an invitation, and its company a role and an OpenID provider."""
    field_id = place.field_id
    giver = Giver(user_id=await _user(field_id), scopes=frozenset(Scope), place=WHOLE_COMPANY)
    operator = GivenRole(role=Role.OPERATOR)
    with suppress(AlreadyExists):
        await own_roles.create(
            company_id=place.company_id,
            name=f"Role of company {place.company_id}",
            description=f"Made for company {place.company_id}",
            scopes=[Scope.METERS_READ],
            giver=giver,
        )
    await add_membership(
        company_id=place.company_id, user_id=giver.user_id, role=operator.role, field_id=field_id
    )
    await invitations.invite(
        company_id=place.company_id,
        email=f"invited-to-{field_id}@example.com",
        name=f"Invited to {field_id}",
        given=operator,
        place=Confinement(field_id=field_id),
        giver=giver,
        keys=Keys("a secret that is long enough for a test"),
        now=NOW,
    )
    group = GroupRole(group="staff", given=operator, place=Confinement(field_id=field_id))
    with suppress(StaleVersion):
        await providers.put(
            company_id=place.company_id,
            expected_version=None,
            issuer="https://id.example.com",
            client_id=f"company {place.company_id}",
            client_secret="secret",  # noqa: S106 - a test's own
            groups_claim="groups",
            active=True,
            groups=[group],
            giver=giver,
            keys=Keys("a secret that is long enough for a test"),
            insecure=False,
        )


async def _user(field_id: FieldId) -> UserId:
    async with access.system() as connection:
        user_id = await connection.fetchval(
            "insert into app_user (email, name, created_at) values ($1, $2, $3) returning id",
            f"member-of-{field_id}@example.com",
            f"Member of {field_id}",
            NOW,
        )
    return UserId(user_id)


async def tell(place: Place) -> None:
    """Give a place's account a message that was sent."""
    account_id = place.supplies[0].account_id
    assert account_id is not None
    now = NOW - timedelta(days=1)
    facts = Reconnection(
        account="one of them", balance=Money(Decimal(1), "TRY"), at=NOW, needs_button=False
    )
    async with access.tenant(place.company_id) as connection:
        await put_for_account(
            connection,
            company_id=place.company_id,
            account_id=account_id,
            subscriber_id=place.subscriber_id,
            channel=MessageChannel.SMS,
            facts=facts,
            locale="en",
            now=now,
        )
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


async def make_outside(inside: Place) -> Place:
    """Make a second branch in a company, with a field and a subscriber of its own."""
    branch_id = await branches.create(company_id=inside.company_id, name="Far South")
    field_id = await fields.create(
        company_id=inside.company_id,
        branch_id=branch_id,
        name="Far Harbour",
        latitude=41.1,
        longitude=29.1,
    )
    collector_id = await collectors.create(
        company_id=inside.company_id,
        field_id=field_id,
        flag="WTL",
        serial="far-away",
        token="token of the far collector",  # noqa: S106 - a test's own
        time_zone="Europe/Istanbul",
    )
    rf_module_id = await rf_modules.create(
        company_id=inside.company_id, collector_id=collector_id, serial="RF-far-away"
    )
    outside = Place(
        company_id=inside.company_id,
        branch_id=branch_id,
        field_id=field_id,
        collector_id=collector_id,
        collector_serial="far-away",
        rf_module_id=rf_module_id,
        tariff_id=inside.tariff_id,
        subscriber_id=await subscribers.create(
            company_id=inside.company_id,
            reference="S-far-away",
            contact={
                "name": "Far Away",
                "email": "far@example.com",
                "phone": "+905551111111",
            },
            keyring=KEYRING,
        ),
    )
    await add_supply(outside)
    return outside

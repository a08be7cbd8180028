"""Subscribers are told of invoices, and of those that are overdue; what proves that they were."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from db import access
from db.enums import DeliveryMethod, MessageKind, MessageState
from db.ids import InvoiceId, NoticeId
from domain.identity.keys import Keys
from domain.invoices import credit_notes, monthly
from domain.ledger.operations import credit_cash
from domain.messages import returns
from domain.messages.letters import Office, letter_id
from domain.messages.making import letter_of
from domain.messages.operations import claim, sent
from domain.messages.reports import DeliveryReport
from domain.notices import operations as notices
from domain.notices.operations import NoticeDelivered, NoticeUndelivered
from tests.db.invoicing import (
    FEBRUARY,
    ISSUED_AT,
    invoice_purchase,
    invoiced,
    make_consumed,
    query,
)
from tests.factories import KEYRING, Place, account_of
from tests.inbox import MAIL, SECRET

KEYS = Keys(SECRET)
OFFICE = Office(keys=KEYS, keyring=KEYRING, public_url="https://meters.example")
OVERDUE_AT = ISSUED_AT + timedelta(days=14)
ARRIVED_AT = OVERDUE_AT + timedelta(hours=1)
STATE = "select delivered_at, delivery_method, delivery_evidence, version from overdue_notice"


@pytest.fixture
async def place(room: None) -> Place:
    place = await make_consumed()
    async with access.system() as connection:
        await connection.execute("update company set locale = 'tr-TR'")
    return place


@pytest.fixture
async def invoice_id(place: Place) -> InvoiceId:
    return await invoiced(place)


async def letters(kind: MessageKind, *, now: datetime = OVERDUE_AT) -> list[tuple[str, str]]:
    """Return what waits to be sent of a kind, as subjects and texts; it is sent then."""
    made = []
    for message in await claim(channel=MAIL, now=now):
        letter = await letter_of(OFFICE, message, now=now)
        assert letter is not None
        await sent(message, kept=letter.kept, now=now)
        if message.kind is kind:
            made.append((letter.subject, letter.text))
    return sorted(made)


async def rows(text: str) -> list[asyncpg.Record]:
    async with access.system() as connection:
        found: list[asyncpg.Record] = await connection.fetch(text)
    return found


async def test_who_is_invoiced_is_told_number_amount_due_date_and_where_it_is_shown(
    place: Place, invoice_id: InvoiceId
) -> None:
    ((subject, text),) = await letters(MessageKind.INVOICE)

    number = await query("select number from account where id = $1", account_of(place))
    assert subject == "INV2026000000001 numaralı fatura"
    for said in ("Numara: INV2026000000001", "289,59 TRY", "12 Mart 2026", "28 Şubat 2026"):
        assert said in text, text
    link = f"https://meters.example/invoices#account={number}&invoice=INV2026000000001"
    assert link in text
    assert await query("select reference_id from message where kind = 'INVOICE'") == invoice_id


async def test_asking_for_an_invoice_again_tells_nobody_again(
    place: Place, invoice_id: InvoiceId
) -> None:
    await monthly.issue(
        company_id=place.company_id, account_id=account_of(place), month=FEBRUARY, now=ISSUED_AT
    )

    assert await query("select count(*) from message") == 1


async def test_credit_notes_and_purchases_are_told_without_a_due_date(
    place: Place, invoice_id: InvoiceId
) -> None:
    await credit_notes.credit(
        company_id=place.company_id,
        invoice_id=invoice_id,
        reason="wrong meter",
        idempotency_key="one",
        now=ISSUED_AT,
    )
    top_up = await credit_cash(
        company_id=place.company_id,
        account_id=account_of(place),
        amount=Decimal(120),
        idempotency_key="one",
        occurred_at=ISSUED_AT,
    )
    await invoice_purchase(place, top_up, now=ISSUED_AT)

    note, _, purchase = await letters(MessageKind.INVOICE)

    assert note[0] == "CRN2026000000001 numaralı iade faturası"
    assert "İade edilen fatura: INV2026000000001" in note[1]
    assert "120,00 TRY" in purchase[1]
    assert "Son ödeme" not in note[1] + purchase[1]


async def notice(place: Place, invoice_id: InvoiceId, *, now: datetime = OVERDUE_AT) -> NoticeId:
    return await notices.issue(company_id=place.company_id, invoice_id=invoice_id, now=now)


async def report(place: Place, action: str, *, at: datetime = ARRIVED_AT) -> None:
    """Let a mail server report of the last notice's message."""
    message_id = await query("select message_id from overdue_notice order by id desc limit 1")
    await returns.note(
        DeliveryReport(letter_id(KEYS, place.company_id, message_id), action, "2.0.0", "said so"),
        keys=KEYS,
        now=at,
    )


async def test_a_notice_is_sent_with_what_is_open(place: Place, invoice_id: InvoiceId) -> None:
    await notice(place, invoice_id)

    ((subject, text),) = await letters(MessageKind.OVERDUE_NOTICE)

    assert subject == "INV2026000000001 numaralı faturanın ödemesi gecikti"
    assert "Ödenecek tutar: 289,59 TRY" in text
    assert "kesilebilir" not in text


async def test_that_a_server_took_a_notice_proves_nothing(
    place: Place, invoice_id: InvoiceId
) -> None:
    await notice(place, invoice_id)
    await letters(MessageKind.OVERDUE_NOTICE)

    assert await query("select state from message where kind = 'OVERDUE_NOTICE'") == "SENT"
    assert await query("select delivered_at from overdue_notice") is None
    with pytest.raises(NoticeUndelivered):
        await notice(place, invoice_id)
    assert await query("select array_agg(number) from overdue_notice") == [1]


async def test_a_message_that_arrived_proves_its_notice(
    place: Place, invoice_id: InvoiceId
) -> None:
    await notice(place, invoice_id)
    await letters(MessageKind.OVERDUE_NOTICE)

    await report(place, "delivered")
    await report(place, "delivered", at=ARRIVED_AT + timedelta(days=1))

    assert [tuple(row) for row in await rows(STATE)] == [(ARRIVED_AT, "EMAIL", None, 2)]
    second = await notice(place, invoice_id, now=ARRIVED_AT)
    ((_, text),) = await letters(MessageKind.OVERDUE_NOTICE, now=ARRIVED_AT)
    assert "Ödenmezse enerjiniz kesilebilir." in text
    assert second is not None


async def test_the_proof_of_the_second_notice_gates_a_cut(
    place: Place, invoice_id: InvoiceId
) -> None:
    await notice(place, invoice_id)
    await letters(MessageKind.OVERDUE_NOTICE)
    await report(place, "delivered")
    await notice(place, invoice_id)
    await letters(MessageKind.OVERDUE_NOTICE)
    before = await cut_allowed_from(place, invoice_id)

    await report(place, "delivered")

    assert before is None
    assert str(await cut_allowed_from(place, invoice_id)) == "2026-03-24"


async def cut_allowed_from(place: Place, invoice_id: InvoiceId) -> Any:
    async with access.tenant(place.company_id) as connection:
        return await notices.cut_allowed_from(
            connection, company_id=place.company_id, invoice_id=invoice_id
        )


@pytest.mark.parametrize("actions", [["failed"], ["delivered", "failed"], ["failed", "delivered"]])
async def test_a_message_that_comes_back_proves_nothing(
    place: Place, invoice_id: InvoiceId, actions: list[str]
) -> None:
    await notice(place, invoice_id)
    await letters(MessageKind.OVERDUE_NOTICE)

    for action in actions:
        await report(place, action)

    (row,) = await rows(STATE)
    assert (row["delivered_at"], row["delivery_method"]) == (None, None)
    state = await query("select state from message where kind = 'OVERDUE_NOTICE'")
    assert state == MessageState.BOUNCED


async def test_a_proof_by_hand_outlives_the_message(place: Place, invoice_id: InvoiceId) -> None:
    notice_id = await notice(place, invoice_id)
    await letters(MessageKind.OVERDUE_NOTICE)
    by_hand: dict[str, Any] = {
        "company_id": place.company_id,
        "notice_id": notice_id,
        "expected_version": 1,
        "method": DeliveryMethod.REGISTERED_POST,
        "evidence": "RR123456789TR",
        "delivered_at": ARRIVED_AT,
        "now": ARRIVED_AT,
    }
    await notices.record_delivery(**by_hand)

    await report(place, "failed")

    with pytest.raises(NoticeDelivered):
        await notices.record_delivery(**by_hand | {"expected_version": 2, "evidence": "another"})
    assert [tuple(row) for row in await rows(STATE)] == [
        (ARRIVED_AT, "REGISTERED_POST", "RR123456789TR", 2)
    ]

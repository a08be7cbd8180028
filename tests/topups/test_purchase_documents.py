"""Invoices and credit notes of top-ups: what they say is what became of the money."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest

from db import access
from domain.accounts import settling
from domain.invoices import bought
from domain.invoices.stored import StoredInvoice, stored
from tests.topups.shop import Shop

D = Decimal


async def documents(shop: Shop) -> Sequence[StoredInvoice]:
    """Return what was made until now, after the job has run."""
    await bought.work(now=shop.now)
    assert await shop.count("purchase_due") == 0
    async with access.system() as connection:
        rows = await connection.fetch("select id from invoice order by id")
        return await stored(
            connection,
            company_id=shop.place.company_id,
            invoice_ids=[row["id"] for row in rows],
        )


def told(made: Sequence[StoredInvoice]) -> list[tuple[str, Decimal]]:
    return [(one.kind.value, one.totals.total) for one in made]


async def test_a_top_up_that_is_credited_is_invoiced_once(shop: Shop) -> None:
    top_up_id = await shop.paid()
    await shop.hear_of(shop.twin.world.events)

    (invoice,) = await documents(shop)
    await shop.hear_of(shop.twin.world.events)
    again = await documents(shop)

    assert (invoice.kind, invoice.totals.total, invoice.open) == ("PURCHASE", D("25.5"), D(0))
    assert invoice.journal_id == (await shop.top_up(top_up_id))["journal_id"]
    assert list(again) == [invoice]


async def test_a_top_up_that_is_not_paid_is_not_invoiced(shop: Shop) -> None:
    await shop.start()
    await shop.hear()

    assert await documents(shop) == []


@pytest.mark.parametrize("seed", range(4))
async def test_events_in_any_order_make_the_same_documents(shop: Shop, seed: int) -> None:
    started = await shop.start()
    shop.submit(started)
    await shop.hear_of(shuffled(shop, seed))
    await shop.refund(started.top_up_id, "10")
    told_after = shuffled(shop, seed)
    await shop.hear_of([*told_after, *told_after])

    made = await documents(shop)

    assert told(made) == [("PURCHASE", D("25.5")), ("CREDIT_NOTE", D(10))]
    assert await shop.standing() == {"balance": D("15.5")}


def shuffled(shop: Shop, seed: int) -> list[dict[str, object]]:
    events = list(shop.twin.world.events)
    Random(seed).shuffle(events)  # noqa: S311 - an order of events
    return events


async def test_each_refund_gets_a_credit_note_with_its_reason(shop: Shop) -> None:
    top_up_id = await shop.paid()
    await documents(shop)
    await shop.refund(top_up_id, "10")
    await shop.hear()
    await shop.refund(top_up_id)
    await shop.hear()

    invoice, first, second = await documents(shop)

    assert [first.totals.total, second.totals.total] == [D(10), D("15.5")]
    assert first.reason == "moved away"
    assert {first.refers_to, second.refers_to} == {invoice.id}
    assert (invoice.credited, invoice.paid) == (D("25.5"), D(0))
    assert len(await documents(shop)) == 3


async def test_a_refund_gets_no_credit_note_before_the_money_has_left(shop: Shop) -> None:
    await shop.paid()
    (intent,) = shop.twin.world.all("payment_intent")
    await shop.gateway._api.refunds.create_async(
        {"payment_intent": intent["id"], "metadata": {"twin_pending": "true"}}
    )
    await shop.hear()
    before = await documents(shop)

    shop.twin.act("refund.settle", id=shop.twin.world.all("refund")[0]["id"])
    await shop.hear()

    assert told(before) == [("PURCHASE", D("25.5"))]
    assert told(await documents(shop)) == [("PURCHASE", D("25.5")), ("CREDIT_NOTE", D("25.5"))]


async def test_a_refund_that_comes_back_is_invoiced_again(shop: Shop) -> None:
    top_up_id = await shop.paid()
    await shop.refund(top_up_id)
    await shop.hear()
    await documents(shop)
    shop.move(timedelta(days=20))
    shop.twin.act("refund.fail", id=shop.twin.world.all("refund")[0]["id"])
    await shop.hear()

    _, note, again = await documents(shop)
    await shop.refund(top_up_id)
    await shop.hear()
    *_, last = await documents(shop)

    assert (note.kind, again.kind, last.kind) == ("CREDIT_NOTE", "PURCHASE", "CREDIT_NOTE")
    assert again.totals.total == last.totals.total == D("25.5")
    assert last.refers_to == again.id


async def disputed(shop: Shop) -> str:
    """Buy credit, of which the payer's bank wants the money back; return the dispute's id."""
    await shop.paid()
    (intent,) = shop.twin.world.all("payment_intent")
    opened = shop.twin.act("dispute.open", payment_intent=intent["id"])
    shop.twin.act("dispute.withdraw", id=opened["id"])
    await shop.hear()
    return str(opened["id"])


async def test_a_dispute_gets_a_credit_note_when_it_is_lost(shop: Shop) -> None:
    dispute_id = await disputed(shop)
    before = await documents(shop)

    shop.twin.act("dispute.close", id=dispute_id, status="lost")
    await shop.hear()

    invoice, note = await documents(shop)
    assert told(before) == [("PURCHASE", D("25.5"))]
    assert (note.totals.total, note.refers_to) == (D("25.5"), invoice.id)
    assert note.reason == "A dispute of the payment was lost"


async def test_a_dispute_that_is_won_changes_no_document(shop: Shop) -> None:
    dispute_id = await disputed(shop)

    shop.twin.act("dispute.close", id=dispute_id, status="won")
    shop.twin.act("dispute.reinstate", id=dispute_id)
    await shop.hear()

    assert told(await documents(shop)) == [("PURCHASE", D("25.5"))]


async def test_credit_notes_never_exceed_what_was_invoiced(shop: Shop) -> None:
    dispute_id = await disputed(shop)
    (intent,) = shop.twin.world.all("payment_intent")
    await shop.gateway._api.refunds.create_async({"payment_intent": intent["id"], "amount": 500})
    shop.twin.act("dispute.close", id=dispute_id, status="lost")
    await shop.hear()

    assert told(await documents(shop)) == [
        ("PURCHASE", D("25.5")),
        ("CREDIT_NOTE", D(5)),
        ("CREDIT_NOTE", D("20.5")),
    ]


async def test_what_is_paid_out_at_an_end_gets_a_credit_note(shop: Shop) -> None:
    await shop.paid()
    before = await documents(shop)

    await shop.end()

    made = await documents(shop)
    assert told(before) == [("PURCHASE", D("25.5"))]
    assert told(made) == [("PURCHASE", D("25.5")), ("CREDIT_NOTE", D("25.5"))]
    assert made[1].reason == "What was left of the credit was paid out"
    assert await shop.standing() == {}


async def test_what_was_paid_out_and_came_back_is_invoiced_again(shop: Shop) -> None:
    await shop.paid()
    await documents(shop)
    await shop.end()
    await documents(shop)

    await settling.reverse_settlement(
        company_id=shop.place.company_id,
        account_id=shop.account_id,
        reason="it moves in again",
        idempotency_key="back",
        now=shop.now,
    )

    assert told(await documents(shop)) == [
        ("PURCHASE", D("25.5")),
        ("CREDIT_NOTE", D("25.5")),
        ("PURCHASE", D("25.5")),
    ]
    assert await shop.standing() == {"balance": D("25.5")}


async def test_what_repays_a_debt_at_an_end_is_not_paid_out(shop: Shop) -> None:
    await shop.paid()
    await documents(shop)
    await shop.owe(DEBT="10")

    await shop.end()

    assert told(await documents(shop)) == [("PURCHASE", D("25.5")), ("CREDIT_NOTE", D("15.5"))]
    assert await shop.standing() == {}

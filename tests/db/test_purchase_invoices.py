"""Invoices of bought credit: one for each top-up."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from db import access
from db.enums import InvoiceKind, InvoiceLineKind
from db.ids import JournalId
from domain.invoices import credit_notes, purchases
from domain.invoices.credit_notes import TopUpStands
from domain.invoices.purchases import NoTopUp
from domain.invoices.rules import TaxLine, Totals
from domain.ledger import adjustments
from domain.ledger.adjustments import Hand
from domain.ledger.operations import credit_cash
from domain.ledger.queries import balance_of
from domain.ledger.reversal import reverse
from domain.refusals import InvalidValue, NotThere
from tests.db.invoicing import account_of, invoice_of, query
from tests.factories import NOW, Place, make_place


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place()


@pytest.fixture
async def top_up(place: Place) -> JournalId:
    return await credit_cash(
        company_id=place.company_id,
        account_id=account_of(place),
        amount=Decimal(120),
        idempotency_key="one",
        occurred_at=NOW,
    )


async def test_a_top_up_is_invoiced_once_and_paid_by_itself(
    place: Place, top_up: JournalId
) -> None:
    made = await asyncio.gather(
        *(
            purchases.issue(company_id=place.company_id, journal_id=top_up, now=NOW)
            for _ in range(4)
        )
    )

    (invoice_id,) = set(made)
    invoice = await invoice_of(place.company_id, invoice_id)
    assert (invoice.kind, invoice.number) == (InvoiceKind.PURCHASE, "PUR2026000000001")
    assert [(line.kind, line.amount) for line in invoice.lines] == [
        (InvoiceLineKind.CREDIT, Decimal(120))
    ]
    assert (invoice.totals.total, invoice.paid) == (Decimal(120), Decimal(120))
    assert invoice.open == 0
    assert await balance_of(company_id=place.company_id, account_id=account_of(place)) == 120


async def test_taxes_that_fall_due_are_in_what_was_paid(place: Place, top_up: JournalId) -> None:
    taxes = (TaxLine("VAT", Decimal("0.2"), Decimal(100), Decimal(20)),)

    invoice = await invoice_of(
        place.company_id,
        await purchases.issue(company_id=place.company_id, journal_id=top_up, taxes=taxes, now=NOW),
    )

    assert invoice.totals == Totals(Decimal(100), Decimal(20), Decimal(0), Decimal(120))
    assert [(tax.name, tax.rate, tax.base, tax.amount) for tax in invoice.taxes] == [
        ("VAT", Decimal("0.2"), Decimal(100), Decimal(20))
    ]


async def test_what_is_no_top_up_is_not_invoiced(place: Place) -> None:
    await adjustments.adjust(
        company_id=place.company_id,
        account_id=account_of(place),
        amount=Decimal(5),
        reason="a gift",
        idempotency_key="gift",
        hand=Hand(),
        now=NOW,
    )
    gift = await query("select id from journal")

    with pytest.raises(NoTopUp):
        await purchases.issue(company_id=place.company_id, journal_id=gift, now=NOW)
    with pytest.raises(NotThere):
        await purchases.issue(company_id=place.company_id, journal_id=JournalId(1), now=NOW)

    assert await query("select count(*) from invoice") == 0


async def test_bought_credit_is_taken_back_once_the_top_up_is_undone(
    place: Place, top_up: JournalId
) -> None:
    invoice_id = await purchases.issue(company_id=place.company_id, journal_id=top_up, now=NOW)
    asked: dict[str, Any] = {
        "company_id": place.company_id,
        "invoice_id": invoice_id,
        "reason": "paid twice",
        "idempotency_key": "back",
        "now": NOW,
    }
    with pytest.raises(TopUpStands):
        await credit_notes.credit(**asked)
    async with access.tenant(place.company_id) as connection:
        await reverse(
            connection,
            company_id=place.company_id,
            journal_id=top_up,
            reason="paid twice",
            now=NOW,
        )
    with pytest.raises(InvalidValue):
        await credit_notes.credit(**asked, amounts={1: Decimal(1)})

    note = await invoice_of(place.company_id, await credit_notes.credit(**asked))

    assert (note.number, note.totals.total) == ("CRN2026000000001", Decimal(120))
    assert note.refers_to == invoice_id
    invoice = await invoice_of(place.company_id, invoice_id)
    assert (invoice.paid, invoice.credited) == (Decimal(0), Decimal(120))
    assert await balance_of(company_id=place.company_id, account_id=account_of(place)) == 0

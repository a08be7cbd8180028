"""Invoices of bought credit: one for each top-up."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from db import access
from db.enums import ComponentKind, InvoiceKind, InvoiceLineKind, TaxPoint
from db.ids import JournalId
from domain.hands import Hand
from domain.invoices import bought, credit_notes
from domain.invoices.bought import TRY_AGAIN
from domain.invoices.credit_notes import TopUpStands
from domain.invoices.purchases import NoTopUp
from domain.invoices.rules import TaxLine, Totals
from domain.ledger import adjustments
from domain.ledger.operations import credit_cash
from domain.ledger.queries import balance_of
from domain.ledger.reversal import reverse
from domain.refusals import InvalidValue, NotThere
from domain.tariffs.components import Component, Flat, Version
from domain.tariffs.presets import TR_TAXES
from tests.db.invoicing import invoice_of, invoice_purchase, query
from tests.db.submetered import tariff_of
from tests.factories import NOW, Place, account_of, make_place


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place()


@pytest.fixture
async def top_up(place: Place) -> JournalId:
    return await buy(place)


async def test_a_top_up_is_invoiced_once_and_paid_by_itself(
    place: Place, top_up: JournalId
) -> None:
    made = await asyncio.gather(*(invoice_purchase(place, top_up, now=NOW) for _ in range(4)))

    (invoice_id,) = set(made)
    invoice = await invoice_of(place.company_id, invoice_id)
    assert (invoice.kind, invoice.number) == (InvoiceKind.PURCHASE, "PUR2026000000001")
    assert [(line.kind, line.amount) for line in invoice.lines] == [
        (InvoiceLineKind.CREDIT, Decimal(120))
    ]
    assert (invoice.totals.total, invoice.paid) == (Decimal(120), Decimal(120))
    assert invoice.open == 0
    assert await balance_of(company_id=place.company_id, account_id=account_of(place)) == 120


async def test_taxes_that_fall_due_are_in_what_was_paid(place: Place) -> None:
    await change_to(place, taxed(TaxPoint.TOP_UP))

    invoice = await invoice_of(
        place.company_id,
        await invoice_purchase(place, await buy(place), now=NOW),
    )

    assert invoice.taxes == [
        TaxLine("BTV", Decimal("0.05"), Decimal("95.238095"), Decimal("4.761905")),
        TaxLine("VAT", Decimal("0.2"), Decimal("100.000000"), Decimal("20.000000")),
    ]
    assert invoice.totals == Totals(
        Decimal("95.238095"), Decimal("24.761905"), Decimal(0), Decimal(120)
    )


async def test_taxes_that_fall_due_at_consumption_are_not_on_it(place: Place) -> None:
    await change_to(place, taxed(TaxPoint.CONSUMPTION))

    invoice = await invoice_of(
        place.company_id,
        await invoice_purchase(place, await buy(place), now=NOW),
    )

    assert invoice.taxes == []
    assert invoice.totals == Totals(Decimal(120), Decimal(0), Decimal(0), Decimal(120))


async def buy(place: Place) -> JournalId:
    return await credit_cash(
        company_id=place.company_id,
        account_id=account_of(place),
        amount=Decimal(120),
        idempotency_key="one",
        occurred_at=NOW,
    )


def taxed(tax_point: TaxPoint) -> Version:
    component = Component(name="Energy", kind=ComponentKind.ENERGY, shape=Flat(Decimal(2)))
    return Version(components=(component,), taxes=TR_TAXES, tax_point=tax_point)


async def change_to(place: Place, version: Version) -> None:
    """Let the account be on a tariff that has been as the version has it for long."""
    tariff_id = await tariff_of(place, version)
    async with access.system() as connection:
        await connection.execute("update account set tariff_id = $1", tariff_id)


async def test_bought_credit_is_invoiced_by_itself_once(place: Place, top_up: JournalId) -> None:
    worked = await asyncio.gather(*(bought.work(now=NOW) for _ in range(3)))

    assert sum(worked) == 1
    assert await query("select journal_id from invoice where kind = 'PURCHASE'") == top_up
    assert await bought.work(now=NOW) == 0


async def give(place: Place) -> None:
    await adjustments.adjust(
        company_id=place.company_id,
        account_id=account_of(place),
        amount=Decimal(5),
        reason="a gift",
        idempotency_key="gift",
        hand=Hand(),
        now=NOW,
    )


async def test_other_transactions_wait_for_no_invoice(place: Place) -> None:
    await give(place)

    assert await bought.work(now=NOW) == 0
    assert await query("select count(*) from invoice") == 0


async def test_what_cannot_be_invoiced_is_tried_again_and_stops_no_other(
    place: Place, top_up: JournalId
) -> None:
    other = await make_place()
    await credit_cash(
        company_id=other.company_id,
        account_id=account_of(other),
        amount=Decimal(7),
        idempotency_key="one",
        occurred_at=NOW,
    )
    # The next number is taken.
    async with access.system() as connection:
        await connection.execute(
            "insert into invoice_counter values ($1, 'PUR', 2026, 9223372036854775807)",
            place.company_id,
        )

    assert await bought.work(now=NOW) == 2
    assert await query("select array_agg(company_id) from invoice") == [other.company_id]
    assert await query("select journal_id from purchase_due") == top_up

    async with access.system() as connection:
        await connection.execute(
            "update invoice_counter set last_number = 41 where company_id = $1", place.company_id
        )
    assert await bought.work(now=NOW) == 0
    assert await bought.work(now=NOW + TRY_AGAIN) == 1
    assert await query("select place_in_series from invoice order by id desc limit 1") == 42


async def test_what_is_no_top_up_is_not_invoiced(place: Place) -> None:
    await give(place)
    gift = await query("select id from journal")

    with pytest.raises(NoTopUp):
        await invoice_purchase(place, gift, now=NOW)
    with pytest.raises(NotThere):
        await invoice_purchase(place, JournalId(1), now=NOW)

    assert await query("select count(*) from invoice") == 0


async def test_bought_credit_is_taken_back_once_the_top_up_is_undone(
    place: Place, top_up: JournalId
) -> None:
    invoice_id = await invoice_purchase(place, top_up, now=NOW)
    asked: dict[str, Any] = {
        "company_id": place.company_id,
        "invoice_id": invoice_id,
        "reason": "paid twice",
        "idempotency_key": "back",
        "now": NOW,
    }
    with pytest.raises(TopUpStands):
        await credit_notes.credit(**asked)
    assert await query("select array_agg(id) from invoice") == [invoice_id]
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
    assert await query("select array_agg(id) from invoice") == [invoice_id]

    note = await invoice_of(place.company_id, await credit_notes.credit(**asked))

    assert (note.number, note.totals.total) == ("CRN2026000000001", Decimal(120))
    assert note.refers_to == invoice_id
    invoice = await invoice_of(place.company_id, invoice_id)
    assert (invoice.paid, invoice.credited) == (Decimal(0), Decimal(120))
    assert await balance_of(company_id=place.company_id, account_id=account_of(place)) == 0

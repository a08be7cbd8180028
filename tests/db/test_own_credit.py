"""Credit of accounts' own pays invoices: nobody is asked for what the books show as theirs."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from db import access
from db.enums import PaymentMethod
from db.ids import InvoiceId, JournalId
from domain.invoices import bought, credit_notes, month_end, monthly
from domain.invoices.rules import Month
from domain.invoices.stored import StoredInvoice
from domain.ledger import operations as ledger
from domain.ledger.queries import balance_of, verify
from domain.ledger.reversal import reverse
from domain.payments import operations as payments
from tests.db.invoicing import (
    ENDS_AT,
    FEBRUARY,
    ISSUED_AT,
    MARCH,
    OPENED_AT,
    STARTS_AT,
    add_postpaid,
    invoice_of,
    make_postpaid,
    measure,
    query,
)
from tests.factories import Place, account_of, make_register_set

MARCH_ENDS_AT = datetime.fromisoformat("2026-03-31T21:00:00Z")
MARCH_ISSUED_AT = datetime.fromisoformat("2026-04-02T09:00:00Z")
# 100 kWh a month at 2.345678901.
TOTAL = Decimal("234.57")
NOTHING = Decimal(0)


@pytest.fixture
async def place(room: None) -> Place:
    """Lend a company whose account used 100 kWh in February, and as much in March."""
    place = await make_postpaid()
    registers = await make_register_set(place.company_id)
    await measure(
        place,
        registers,
        {STARTS_AT: 0, ENDS_AT: 100_000, MARCH_ENDS_AT: 200_000},
        closed_at=MARCH_ISSUED_AT,
    )
    return place


async def buy(place: Place, amount: str, *, account: int = 0) -> JournalId:
    return await ledger.credit_cash(
        company_id=place.company_id,
        account_id=account_of(place, account),
        amount=Decimal(amount),
        idempotency_key=f"bought/{account}",
        occurred_at=OPENED_AT,
    )


async def issue(place: Place, month: Month = FEBRUARY) -> StoredInvoice:
    invoice_id = await monthly.issue(
        company_id=place.company_id,
        account_id=account_of(place),
        month=month,
        now=ISSUED_AT if month == FEBRUARY else MARCH_ISSUED_AT,
    )
    return await invoice_of(place.company_id, invoice_id)


async def balance(place: Place) -> Decimal:
    return await balance_of(company_id=place.company_id, account_id=account_of(place))


async def test_credit_that_was_bought_before_pays_the_invoice(place: Place) -> None:
    await buy(place, "1000")

    invoice = await issue(place)

    assert (invoice.totals.total, invoice.paid, invoice.open) == (TOTAL, TOTAL, NOTHING)


async def test_what_is_left_of_it_pays_the_next_as_far_as_it_goes(place: Place) -> None:
    await buy(place, "300")

    february, march = await issue(place), await issue(place, MARCH)

    assert (february.open, march.paid) == (NOTHING, Decimal(300) - TOTAL)
    # What is open is what the books show as owed.
    assert march.open == -(await balance(place))
    assert await verify() == []


async def test_no_part_of_a_coin_is_paid(place: Place) -> None:
    await buy(place, "100.009999")

    invoice = await issue(place)

    assert (invoice.paid, invoice.open) == (Decimal(100), TOTAL - 100)


async def test_without_credit_nothing_is_paid_though_later_months_are_charged(
    place: Place,
) -> None:
    invoice = await issue(place)

    assert (invoice.paid, invoice.open) == (NOTHING, TOTAL)


async def test_what_is_left_of_a_payment_pays_once(place: Place) -> None:
    await payments.record(
        company_id=place.company_id,
        account_id=account_of(place),
        amount=Decimal(300),
        method=PaymentMethod.CASH,
        received_at=OPENED_AT,
        idempotency_key="cash",
        now=ISSUED_AT,
    )

    february, march = await issue(place), await issue(place, MARCH)

    assert (february.open, march.paid) == (NOTHING, Decimal(300) - TOTAL)
    assert march.open == -(await balance(place))


async def test_what_a_credit_note_gives_back_pays_the_next_invoice(place: Place) -> None:
    await buy(place, "234.57")
    february = await issue(place)
    await credit_notes.credit(
        company_id=place.company_id,
        invoice_id=february.id,
        reason="the meter was another's",
        idempotency_key="note",
        now=ISSUED_AT + timedelta(days=1),
    )

    march = await issue(place, MARCH)

    assert (march.totals.total, march.open) == (TOTAL, NOTHING)
    assert await verify() == []


async def test_what_is_bought_later_pays_what_is_open_and_has_no_invoice_of_its_own(
    place: Place,
) -> None:
    invoice = await issue(place)
    await buy(place, "100")

    await bought.work(now=ISSUED_AT)
    await bought.work(now=ISSUED_AT)

    assert (await again(place, invoice)).open == TOTAL - 100
    assert await query("select count(*) from invoice") == 1


async def test_credit_that_is_taken_back_opens_invoices_again(place: Place) -> None:
    journal_id = await buy(place, "300")
    february = await issue(place)
    await take_back(place, journal_id)

    march = await issue(place, MARCH)

    assert [one.open for one in (await again(place, february), march)] == [TOTAL, TOTAL]
    assert await balance(place) == -2 * TOTAL


async def test_credit_of_one_account_pays_while_another_gives_its_own_up(place: Place) -> None:
    other, registers = await add_postpaid(place), await query("select id from register_set")
    reads = {STARTS_AT: 0, ENDS_AT: 100_000, MARCH_ENDS_AT: 200_000}
    await measure(place, registers, reads, other, closed_at=MARCH_ISSUED_AT)
    taken_back = await buy(place, "300")
    assert await month_end.work(now=ISSUED_AT) == 2
    assert await opened(place) == [NOTHING, TOTAL]
    await take_back(place, taken_back)
    await buy(place, "300", account=1)

    assert await month_end.work(now=MARCH_ISSUED_AT) == 2

    assert await opened(place) == [TOTAL, NOTHING, TOTAL, 2 * TOTAL - 300]
    assert await verify() == []


async def take_back(place: Place, journal_id: JournalId) -> None:
    async with access.tenant(place.company_id) as connection:
        await reverse(
            connection,
            company_id=place.company_id,
            journal_id=journal_id,
            reason="the note was false",
            now=ISSUED_AT,
        )


async def opened(place: Place) -> list[Decimal]:
    """Return what is open of each invoice, by month and account."""
    ids = await query("select array_agg(id order by month, account_id) from invoice")
    return [(await invoice_of(place.company_id, InvoiceId(one))).open for one in ids]


async def again(place: Place, invoice: StoredInvoice) -> StoredInvoice:
    return await invoice_of(place.company_id, InvoiceId(invoice.id))

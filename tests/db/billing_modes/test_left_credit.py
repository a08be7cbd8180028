"""What documents tell of credit that is left when an account changes how it pays."""

from decimal import Decimal

from domain.accounts import closing
from domain.invoices import bought, credit_notes
from tests.db.account_ends.ending import ending
from tests.db.billing_modes.changing import (
    ELEVENTH,
    POSTPAID,
    PREPAID,
    PURCHASED,
    SHOWN,
    buy,
    change,
    issue,
    pay,
    settle,
)
from tests.db.invoice_components.priced import HOUR
from tests.db.invoicing import ISSUED_AT, OPENED_AT, STARTS_AT, measure, query
from tests.db.owing import LATER, reverse
from tests.factories import Place, account_of

NOTES = """
    select array_agg((total_micro / 1000000.0)::numeric(9, 2) || ' ' || reason order by id)
    from invoice where kind = 'CREDIT_NOTE'
"""


async def test_what_is_left_of_credit_at_a_change_to_prepaid_is_a_purchase(
    place: Place, registers: int
) -> None:
    await buy(place, "50", STARTS_AT)
    await bought.work(now=STARTS_AT + HOUR)
    before = await query("select count(*) from invoice")
    # 10 kWh, of 23.456789.
    await measure(place, registers, {STARTS_AT: 0, ELEVENTH: 10_000})
    await change(place, PREPAID, ELEVENTH)

    assert await bought.work(now=ELEVENTH + HOUR) == 1

    assert before == 0
    assert await query(PURCHASED) == Decimal("26.54")
    february = await issue(place)
    assert (february.totals.total, february.open) == (Decimal("23.46"), Decimal(0))


async def test_what_was_invoiced_gets_a_credit_note_when_it_pays_a_month(
    place: Place, registers: int
) -> None:
    await change(place, PREPAID, OPENED_AT)
    await buy(place, "100", OPENED_AT + HOUR)
    await bought.work(now=OPENED_AT + HOUR)
    await change(place, POSTPAID, ELEVENTH)
    await measure(place, registers, SHOWN)

    invoice = await issue(place)

    assert await bought.work(now=ISSUED_AT) == 1
    assert await query(NOTES) == [f"{invoice.paid:.2f} It paid the invoice of a month"]
    assert await bought.work(now=ISSUED_AT) == 0


async def test_what_an_invoice_is_not_paid_by_any_more_is_a_purchase_again(
    place: Place, registers: int
) -> None:
    await change(place, PREPAID, OPENED_AT)
    await buy(place, "100", OPENED_AT + HOUR)
    await change(place, POSTPAID, ELEVENTH)
    await measure(place, registers, SHOWN)
    invoice = await issue(place)
    await change(place, PREPAID, ISSUED_AT)
    await bought.work(now=ISSUED_AT)
    before = await query(PURCHASED)

    await credit_notes.credit(
        company_id=place.company_id,
        invoice_id=invoice.id,
        reason="the meter was another's",
        idempotency_key="note",
        now=ISSUED_AT,
    )

    assert await bought.work(now=ISSUED_AT) == 1
    assert (before, invoice.paid) == (Decimal("23.46"), Decimal("76.54"))
    assert await query(PURCHASED) == 100


async def test_what_is_left_of_a_payment_at_a_change_to_prepaid_is_a_purchase(
    place: Place, registers: int
) -> None:
    await measure(place, registers, {STARTS_AT: 0, ELEVENTH: 10_000})
    payment_id = await pay(place, "50", at=ELEVENTH)
    await change(place, PREPAID, ELEVENTH)
    await bought.work(now=ELEVENTH + HOUR)
    # February is to be told yet.
    before = await query(PURCHASED)

    february = await issue(place)
    await bought.work(now=ISSUED_AT)
    told = await query(PURCHASED)
    await reverse(place, payment_id)

    assert before is None
    assert (february.totals.total, february.open) == (Decimal("23.46"), Decimal(0))
    assert told == Decimal("26.54")
    assert await bought.work(now=LATER) == 1
    assert await query(NOTES) == ["26.54 a false note"]


async def test_a_part_of_a_coin_that_is_left_of_a_payment_is_told_once(
    place: Place, registers: int
) -> None:
    await pay(place, "50", at=OPENED_AT + HOUR)
    await change(place, PREPAID, STARTS_AT)
    # 10 kWh, of 23.456789; the rest is paid out.
    await measure(place, registers, {STARTS_AT: 0, ELEVENTH: 10_000})
    await closing.close(
        company_id=place.company_id,
        account_id=account_of(place),
        expected_version=await query("select version from account"),
        ending=ending(place.supplies[0], index_wh=10_000, at=ELEVENTH),
        now=ELEVENTH + HOUR,
    )
    await bought.work(now=ISSUED_AT)

    await settle(place)

    assert await query(PURCHASED) == Decimal("23.46")
    assert await query("select count(*) from purchase_due") == 0

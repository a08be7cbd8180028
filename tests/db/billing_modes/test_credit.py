"""Credit that is used by paying before pays no invoice of what was used by paying after."""

from datetime import datetime
from decimal import Decimal

import pytest

from db.enums import InvoiceKind
from domain.invoices import bought
from domain.ledger.queries import balance_of, verify
from tests.db.billing_modes.changing import (
    ELEVENTH,
    MARCH_ENDS_AT,
    MARCH_ISSUED_AT,
    POSTPAID,
    PREPAID,
    PURCHASED,
    SHOWN,
    buy,
    change,
    invoices,
    issue,
    pay,
    settle,
)
from tests.db.invoice_components.priced import DAY, HOUR
from tests.db.invoicing import ENDS_AT, ISSUED_AT, MARCH, OPENED_AT, STARTS_AT, measure, query
from tests.factories import Place, account_of


async def test_credit_that_a_prepaid_month_used_up_pays_no_invoice(
    place: Place, registers: int
) -> None:
    await change(place, PREPAID, ENDS_AT)
    await measure(place, registers, SHOWN)
    february = await issue(place)
    await buy(place, "80", ENDS_AT + DAY)
    # 30 kWh, of 70.370367.
    await measure(place, registers, {MARCH_ENDS_AT: 84_000}, closed_at=MARCH_ISSUED_AT)

    await settle(place)

    (paid,) = await invoices(place)
    assert february.open == Decimal("126.67")
    assert paid.paid == Decimal("9.62")
    # What is open is owed, but for less than a coin.
    balance = await balance_of(company_id=place.company_id, account_id=account_of(place))
    assert balance + paid.open == Decimal("0.009633")


async def test_what_is_used_by_paying_before_lets_no_invoice_be_unpaid(
    place: Place, registers: int
) -> None:
    await buy(place, "200", OPENED_AT)
    await change(place, PREPAID, ENDS_AT)
    await measure(place, registers, SHOWN)
    february = await issue(place)
    # 100 kWh, of 234.567890, more than is left.
    await measure(place, registers, {MARCH_ENDS_AT: 154_000}, closed_at=MARCH_ISSUED_AT)

    await settle(place)

    assert february.paid == Decimal("126.67")
    assert await invoices(place) == [february]
    assert await verify() == []


async def test_what_is_left_at_a_change_to_postpaid_pays_the_invoice(
    place: Place, registers: int
) -> None:
    await change(place, PREPAID, OPENED_AT)
    await buy(place, "100", OPENED_AT + HOUR)
    await change(place, POSTPAID, ELEVENTH)
    await measure(place, registers, SHOWN)

    invoice = await issue(place)

    # 10 kWh of 23.456789 had used up the rest.
    assert (invoice.totals.total, invoice.paid) == (Decimal("103.21"), Decimal("76.54"))


@pytest.mark.parametrize(
    ("at", "documents"),
    [
        pytest.param(ELEVENTH - HOUR, [InvoiceKind.PURCHASE], id="while it paid before"),
        pytest.param(ELEVENTH + HOUR, None, id="while it paid after"),
    ],
)
async def test_credit_is_a_purchase_as_the_account_paid_then(
    place: Place, at: datetime, documents: list[InvoiceKind] | None
) -> None:
    await change(place, PREPAID, STARTS_AT)
    await change(place, POSTPAID, ELEVENTH)
    await buy(place, "50", at)

    assert await bought.work(now=ISSUED_AT) == 1

    assert await query("select array_agg(kind) from invoice") == documents


@pytest.mark.parametrize(
    ("bought_for", "purchase"),
    [
        pytest.param("200", Decimal("73.33"), id="more than was used"),
        pytest.param("100", None, id="less than was used"),
    ],
)
async def test_what_a_later_invoice_will_tell_is_no_purchase(
    place: Place, registers: int, bought_for: str, purchase: Decimal | None
) -> None:
    # 54 kWh, of 126.666661.
    await measure(place, registers, SHOWN)
    await change(place, PREPAID, ENDS_AT)

    await pay(place, bought_for)
    await bought.work(now=ISSUED_AT)
    february = await issue(place)

    assert await query(PURCHASED) == purchase
    assert (february.totals.total, february.paid) == (
        Decimal("126.67"),
        min(Decimal(bought_for), Decimal("126.67")),
    )


async def test_what_two_purchases_pay_of_a_later_invoice_is_counted_once(
    place: Place, registers: int
) -> None:
    await measure(place, registers, SHOWN)
    await change(place, PREPAID, ENDS_AT)
    # 10 kWh more, of 23.456789, are of March.
    await measure(place, registers, {ENDS_AT + HOUR: 64_000})

    await pay(place, "100")
    await pay(place, "99.99")
    await bought.work(now=ISSUED_AT)
    february = await issue(place)

    assert await query(PURCHASED) == Decimal("73.32")
    assert (february.totals.total, february.open) == (Decimal("126.67"), Decimal(0))
    assert await verify() == []


async def test_what_was_bought_for_a_later_invoice_pays_it_though_it_was_used_up(
    place: Place, registers: int
) -> None:
    await measure(place, registers, SHOWN)
    await change(place, PREPAID, ENDS_AT)
    await pay(place, "150")
    # 20 kWh more, of 46.913578, are of March: 23.580239 below zero.
    await measure(place, registers, {ENDS_AT + HOUR: 74_000})

    await pay(place, "23.59")
    await measure(place, registers, {ENDS_AT + 2 * HOUR: 84_000})
    await bought.work(now=ISSUED_AT)
    february = await issue(place)

    assert await query(PURCHASED) == Decimal("173.59") - Decimal("126.67")
    assert (february.totals.total, february.open) == (Decimal("126.67"), Decimal(0))
    assert await verify() == []


async def test_what_was_bought_pays_the_invoice_of_a_month_that_used_it_up(
    place: Place, registers: int
) -> None:
    await measure(place, registers, {STARTS_AT: 0, ELEVENTH: 10_000})
    await change(place, PREPAID, ELEVENTH)
    await pay(place, "30")
    await bought.work(now=ISSUED_AT)
    await measure(place, registers, {ENDS_AT: 54_000})

    february = await issue(place)

    assert await query(PURCHASED) == 30 - february.totals.total
    assert (february.totals.total, february.open) == (Decimal("23.46"), Decimal(0))


async def test_what_credit_covers_already_needs_nothing_of_a_purchase(
    place: Place, registers: int
) -> None:
    await buy(place, "150", OPENED_AT)
    await measure(place, registers, SHOWN)
    await change(place, PREPAID, ENDS_AT)

    await pay(place, "100")
    await bought.work(now=ISSUED_AT)

    # 126.67 of both pay February.
    assert await query(PURCHASED) == 250 - Decimal("126.67")


async def test_what_came_late_to_a_month_opens_no_invoice_before_it_is_told(
    place: Place, registers: int
) -> None:
    known = {at: index_wh for at, index_wh in SHOWN.items() if at != ENDS_AT}
    await measure(place, registers, known)
    february = await issue(place)
    await buy(place, f"{february.totals.total:f}", ENDS_AT + DAY)
    await settle(place)
    (before,) = await invoices(place)

    # 24 kWh more, of 56.296293.
    await measure(place, registers, {ENDS_AT: 54_000})
    await settle(place)

    assert february.totals.total == Decimal("70.37")
    assert before.open == 0
    assert await invoices(place) == [before]
    march = await issue(place, MARCH, now=MARCH_ISSUED_AT)
    assert (march.totals.total, march.paid) == (Decimal("56.30"), Decimal(0))

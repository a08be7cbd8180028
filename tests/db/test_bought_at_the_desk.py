"""Credit that is bought at a cash desk or by a transfer, where an account pays beforehand."""

from decimal import Decimal

import orjson
import pytest

from db import access
from db.enums import InvoiceKind, PaymentMethod
from domain.companies import settings
from domain.invoices import bought, monthly
from domain.ledger.queries import balance_of, verify
from tests.credit import owe
from tests.db.invoicing import (
    ENDS_AT,
    FEBRUARY,
    ISSUED_AT,
    STARTS_AT,
    make_postpaid,
    measure,
    query,
)
from tests.db.owing import LATER, STANDING, pay, reverse
from tests.factories import Place, account_of, make_place, make_register_set

KINDS = "select array_agg(kind order by id) from journal"
LEFT = "select amount_micro - allocated_micro from payment"


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place()


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        pytest.param(PaymentMethod.CASH, "CASH_TOP_UP", id="in cash"),
        pytest.param(PaymentMethod.BANK_TRANSFER, "BANK_TOP_UP", id="by a transfer"),
        pytest.param(PaymentMethod.CARD, "CARD_TOP_UP", id="by card"),
    ],
)
async def test_what_is_paid_beforehand_buys_credit_and_has_an_invoice(
    place: Place, method: PaymentMethod, kind: str
) -> None:
    await pay(place, "25.50", method)

    assert await bought.work(now=LATER) == 1
    assert await query(KINDS) == [kind]
    assert await query("select kind from invoice") == InvoiceKind.PURCHASE
    assert await query("select array[total_micro, paid_micro] from invoice") == [25_500_000] * 2
    assert await query(LEFT) == 0
    assert await verify() == []


async def test_who_buys_gets_a_receipt_once(place: Place) -> None:
    await owe(place, DEBT="8", CREDIT="3", EMERGENCY_CREDIT="10")

    payment_id = await pay(place, "25.50")
    await pay(place, "25.50")

    told = await query("select array_agg(facts) from message where kind = 'TOP_UP_RECEIPT'")
    (facts,) = map(orjson.loads, told)
    amounts = ("amount", "debt", "overdrawn", "emergency_credit", "balance")
    assert [facts[name]["amount"] for name in amounts] == [
        "25.500000",
        "8.000000",
        "3.000000",
        "10.000000",
        "4.500000",
    ]
    assert facts["reference"] == str(payment_id)
    assert await query(STANDING) == [4_500_000, 0, 0]


async def test_the_share_that_goes_to_debt_is_taken_of_desks_too_up_to_its_cap(
    place: Place,
) -> None:
    await settings.update(
        company_id=place.company_id,
        expected_version=1,
        changes={"debt_share_percent": Decimal(10), "debt_share_cap": Decimal(5)},
    )
    await owe(place, DEBT="100")

    for number in range(7):
        await pay(place, "10", key=f"day {number}")

    assert await query(STANDING) == [65_000_000, 95_000_000, 0]


async def test_a_purchase_that_is_undone_is_credited(place: Place) -> None:
    payment_id = await pay(place, "25.50")
    await bought.work(now=LATER)

    await reverse(place, payment_id)

    assert await bought.work(now=LATER) == 1
    assert await query("select credited_micro from invoice where kind = 'PURCHASE'") == 25_500_000
    assert await query("select reason from invoice where kind = 'CREDIT_NOTE'") == "a false note"
    assert await balance_of(company_id=place.company_id, account_id=account_of(place)) == 0
    assert await verify() == []


async def test_a_purchase_that_is_undone_at_once_has_no_invoice(place: Place) -> None:
    await reverse(place, await pay(place, "25.50"))

    assert await bought.work(now=LATER) == 1
    assert await query("select count(*) from invoice") == 0


async def test_an_open_invoice_is_paid_first(room: None) -> None:
    place = await make_postpaid()
    registers = await make_register_set(place.company_id)
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT: 10_000})
    await monthly.issue(
        company_id=place.company_id, account_id=account_of(place), month=FEBRUARY, now=ISSUED_AT
    )
    async with access.system() as connection:
        await connection.execute("update account set billing_mode = 'PREPAID'")

    await pay(place, "20")
    await pay(place, "3.46", key="rest")
    await pay(place, "50", key="credit")

    assert await query(
        "select array_agg(kind order by id) from journal where kind <> 'ENERGY'"
        " and kind <> 'INVOICE_ROUNDING'"
    ) == ["PAYMENT", "PAYMENT", "CASH_TOP_UP"]
    assert await query("select total_micro - paid_micro from invoice") == 0
    assert await bought.work(now=LATER) == 1

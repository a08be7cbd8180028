"""What is left of payments when their account ends: what is paid out pays no invoice as well."""

from datetime import timedelta
from decimal import Decimal

import pytest

from db.enums import PaymentMethod, RefundWay
from db.ids import PaymentId
from domain.accounts import closing, settling
from domain.accounts.closing import Ending
from domain.invoices import monthly
from domain.ledger import operations as ledger
from domain.ledger.queries import balance_of, verify
from domain.payments import operations as payments
from domain.payments.operations import PaymentTooSmall
from tests.db.invoicing import (
    ENDS_AT,
    FEBRUARY,
    ISSUED_AT,
    MARCH,
    STARTS_AT,
    make_postpaid,
    measure,
    query,
)
from tests.factories import Place, account_of, make_register_set

APRIL = ENDS_AT + timedelta(days=33)
LEFT = "select sum(amount_micro - allocated_micro)::int8 from payment where state = 'POSTED'"
GIVEN = """
    select sum(amount_micro)::int8 from allocation
    where journal_id is not null and released_at is null
"""
# February cost 23.46, and what March used before the end 4.691358.
REFUNDED = 71_848_642


@pytest.fixture
async def place(room: None) -> Place:
    """Make an account that paid 100, of which February's invoice took some."""
    place = await make_postpaid()
    registers = await make_register_set(place.company_id)
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT: 10_000})
    await monthly.issue(
        company_id=place.company_id, account_id=account_of(place), month=FEBRUARY, now=ISSUED_AT
    )
    return place


@pytest.fixture
async def payment_id(place: Place) -> PaymentId:
    return await payments.record(
        company_id=place.company_id,
        account_id=account_of(place),
        amount=Decimal(100),
        method=PaymentMethod.CASH,
        received_at=ISSUED_AT,
        idempotency_key="one",
        now=ISSUED_AT,
    )


async def close(place: Place) -> None:
    await closing.close(
        company_id=place.company_id,
        account_id=account_of(place),
        expected_version=1,
        ending=Ending(
            at=ISSUED_AT,
            final_indexes={place.supplies[0].point_id: 12_000},
            refund_by=RefundWay.CASH,
        ),
        now=ISSUED_AT,
    )


async def balance_micro(place: Place) -> int:
    balance = await balance_of(company_id=place.company_id, account_id=account_of(place))
    return int(balance.scaleb(6))


async def test_what_is_paid_out_is_left_of_no_payment(place: Place, payment_id: PaymentId) -> None:
    await close(place)

    assert await query(GIVEN) == REFUNDED
    assert await query(LEFT) == 100_000_000 - 23_460_000 - REFUNDED
    assert await verify() == []


async def test_the_last_invoice_is_paid_by_what_is_left(
    place: Place, payment_id: PaymentId
) -> None:
    await close(place)
    await ledger.close_days(now=APRIL)
    await monthly.issue(
        company_id=place.company_id, account_id=account_of(place), month=MARCH, now=APRIL
    )

    invoices = "select array_agg(total_micro - paid_micro order by month) from invoice"
    assert await query(invoices) == [0, 0]
    # Less than a coin.
    assert await query(LEFT) == await balance_micro(place) == 1_358


async def test_a_settlement_that_is_undone_gives_back_what_it_took(
    place: Place, payment_id: PaymentId
) -> None:
    await close(place)

    await settling.reverse_settlement(
        company_id=place.company_id,
        account_id=account_of(place),
        reason="paid to a bank",
        idempotency_key="undone",
        now=ISSUED_AT,
    )

    assert await query(GIVEN) is None
    assert await query(LEFT) == 100_000_000 - 23_460_000
    assert await balance_micro(place) == REFUNDED


async def test_what_was_paid_out_pays_no_other_invoice(place: Place, payment_id: PaymentId) -> None:
    await close(place)
    version = await query("select version from payment")
    invoice_id = await query("select id from invoice")

    with pytest.raises(PaymentTooSmall):
        await payments.allocate(
            company_id=place.company_id,
            payment_id=payment_id,
            expected_version=version,
            amounts={invoice_id: Decimal("28.16")},
            now=ISSUED_AT,
        )
    await payments.allocate(
        company_id=place.company_id,
        payment_id=payment_id,
        expected_version=version,
        amounts={invoice_id: Decimal(10)},
        now=ISSUED_AT,
    )

    assert await query(GIVEN) == REFUNDED
    assert await query(LEFT) == 90_000_000 - REFUNDED


async def test_a_payment_that_is_reversed_after_the_end_has_paid_nothing(
    place: Place, payment_id: PaymentId
) -> None:
    await close(place)

    await payments.reverse(
        company_id=place.company_id,
        payment_id=payment_id,
        expected_version=await query("select version from payment"),
        reason="a false note",
        now=ISSUED_AT,
    )

    assert await query("select allocated_micro from payment") == 0
    assert await query(GIVEN) is None
    assert await balance_micro(place) == -100_000_000

"""Payments of invoices: taken once, paying the oldest due first, and undone by their opposite."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from db import access
from db.enums import PaymentMethod
from db.ids import InvoiceId, PaymentId
from domain.invoices import credit_notes, monthly
from domain.ledger.posting import IdempotencyConflict
from domain.ledger.queries import balance_of, verify
from domain.payments import operations as payments
from domain.payments.operations import AlreadyPaid, PaymentReversed, PaymentTooSmall
from domain.refusals import InTheFuture, InvalidValue, NotThere, StaleVersion
from tests.db.invoicing import (
    ENDS_AT,
    FEBRUARY,
    ISSUED_AT,
    MARCH,
    STARTS_AT,
    add_postpaid,
    invoice_of,
    make_postpaid,
    measure,
    query,
)
from tests.factories import Place, account_of, make_register_set

LATER = ENDS_AT + timedelta(days=33)


@pytest.fixture
async def place(room: None) -> Place:
    """Make an account that owes 289.59 for February, and 234.57 for March once it is issued."""
    place = await make_postpaid()
    registers = await make_register_set(place.company_id)
    indexes = {STARTS_AT: 0, ENDS_AT: 123_456, ENDS_AT + timedelta(days=20): 223_456}
    await measure(place, registers, indexes, closed_at=LATER)
    return place


@pytest.fixture
async def february(place: Place) -> InvoiceId:
    return await issue(place)


async def issue(place: Place, *, march: bool = False) -> InvoiceId:
    return await monthly.issue(
        company_id=place.company_id,
        account_id=account_of(place),
        month=MARCH if march else FEBRUARY,
        now=LATER if march else ISSUED_AT,
    )


async def pay(place: Place, amount: str, key: str = "one", **changes: Any) -> PaymentId:
    asked: dict[str, Any] = {
        "account_id": account_of(place),
        "method": PaymentMethod.CASH,
        "reference": "receipt 7",
        "received_at": LATER,
        "now": LATER,
        **changes,
    }
    return await payments.record(
        company_id=place.company_id, amount=Decimal(amount), idempotency_key=key, **asked
    )


async def paid(place: Place, *invoice_ids: InvoiceId) -> list[str]:
    return [str((await invoice_of(place.company_id, one)).paid) for one in invoice_ids]


async def balance(place: Place) -> Decimal:
    return await balance_of(company_id=place.company_id, account_id=account_of(place))


async def test_a_payment_pays_the_oldest_due_first(place: Place, february: InvoiceId) -> None:
    march = await issue(place, march=True)

    await pay(place, "300.00")

    assert await paid(place, february, march) == ["289.590000", "10.410000"]
    assert await balance(place) == Decimal("300.00") - Decimal("524.16")
    assert await verify() == []


async def test_a_named_invoice_is_paid_before_others(place: Place, february: InvoiceId) -> None:
    march = await issue(place, march=True)

    await pay(place, "300.00", invoice_id=march)

    assert await paid(place, february, march) == ["65.430000", "234.570000"]


async def test_what_is_left_pays_the_next_invoice(place: Place, february: InvoiceId) -> None:
    await pay(place, "300.00")

    march = await issue(place, march=True)

    assert await paid(place, february, march) == ["289.590000", "10.410000"]
    assert await query("select amount_micro - allocated_micro from payment") == 0


async def test_a_payment_is_taken_once_however_often_it_is_told(
    place: Place, february: InvoiceId
) -> None:
    made = await asyncio.gather(*(pay(place, "100.00") for _ in range(6)))

    assert len(set(made)) == 1
    assert await paid(place, february) == ["100.000000"]
    with pytest.raises(IdempotencyConflict):
        await pay(place, "100.01")
    with pytest.raises(IdempotencyConflict):
        await pay(place, "100.00", received_at=LATER - timedelta(days=1))
    assert await query("select count(*) from journal where kind = 'PAYMENT'") == 1


async def test_many_payments_at_once_all_count(place: Place, february: InvoiceId) -> None:
    before = await balance(place)

    await asyncio.gather(*(pay(place, "40.00", str(n)) for n in range(10)))

    assert await paid(place, february) == ["289.590000"]
    assert await balance(place) == before + 400
    left = "select sum(amount_micro - allocated_micro)::int8 from payment"
    assert await query(left) == 110_410_000


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        pytest.param({"amount": "0"}, InvalidValue, id="nothing"),
        pytest.param({"amount": "-1"}, InvalidValue, id="less than nothing"),
        pytest.param({"amount": "1.005"}, InvalidValue, id="not to be paid in this currency"),
        pytest.param({"received_at": LATER + timedelta(hours=1)}, InTheFuture, id="not yet"),
        pytest.param({"account_id": 1}, NotThere, id="no such account"),
        pytest.param({"invoice_id": 1}, NotThere, id="no such invoice"),
    ],
)
async def test_other_payments_are_refused(
    place: Place, february: InvoiceId, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    before = await balance(place)

    with pytest.raises(refusal):
        await pay(place, **{"amount": "5.00", **changes})

    assert await balance(place) == before
    assert await query("select count(*) from payment") == 0


async def test_an_invoice_of_another_account_is_not_there(
    place: Place, february: InvoiceId
) -> None:
    other = await add_postpaid(place)

    with pytest.raises(NotThere):
        await pay(place, "5.00", account_id=other.account_id, invoice_id=february)

    assert await query("select count(*) from payment") == 0


async def test_a_reversed_payment_pays_nothing(place: Place, february: InvoiceId) -> None:
    before = await balance(place)
    await pay(place, "100.00", "first")
    payment_id = await pay(place, "289.59", "second")
    version = await query("select version from payment where id = $1", payment_id)
    asked: dict[str, Any] = {"company_id": place.company_id, "payment_id": payment_id, "now": LATER}
    with pytest.raises(StaleVersion):
        await payments.reverse(**asked, expected_version=version + 1, reason="bounced")

    await payments.reverse(**asked, expected_version=version, reason="bounced")

    assert await paid(place, february) == ["100.000000"]
    assert await balance(place) == before + 100
    with pytest.raises(PaymentReversed):
        await payments.reverse(**asked, expected_version=version + 2, reason="bounced")
    assert await query("select count(*) from journal where kind = 'REVERSAL'") == 1
    assert await verify() == []


async def test_what_a_payment_pays_can_be_told_anew(place: Place, february: InvoiceId) -> None:
    payment_id = await pay(place, "150.00")
    march = await issue(place, march=True)
    asked: dict[str, Any] = {"company_id": place.company_id, "payment_id": payment_id, "now": LATER}

    await payments.allocate(
        **asked, expected_version=2, amounts={march: Decimal(100), february: Decimal(30)}
    )

    assert await paid(place, february, march) == ["30.000000", "100.000000"]
    with pytest.raises(PaymentTooSmall):
        await payments.allocate(**asked, expected_version=4, amounts={march: Decimal("150.01")})
    await pay(place, "270.00", "more")
    with pytest.raises(AlreadyPaid):
        await payments.allocate(**asked, expected_version=5, amounts={february: Decimal(51)})
    assert await paid(place, february, march) == ["289.590000", "130.410000"]


@pytest.mark.parametrize(
    "change",
    ["update payment set amount_micro = 1", "update allocation set amount_micro = 1"],
)
async def test_what_came_and_what_it_paid_is_never_changed(
    place: Place, february: InvoiceId, change: str
) -> None:
    await pay(place, "100.00")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with access.tenant(place.company_id) as connection:
            await connection.execute(f"{change} where company_id = $1", place.company_id)

    assert await paid(place, february) == ["100.000000"]
    assert await query("select p.amount_micro + a.amount_micro from payment p, allocation a") == 2e8


async def test_a_credit_note_frees_what_was_paid_too_much(
    place: Place, february: InvoiceId
) -> None:
    await pay(place, "200.00", "first")
    await pay(place, "89.59", "second")
    march = await issue(place, march=True)

    await credit_notes.credit(
        company_id=place.company_id,
        invoice_id=february,
        amounts={1: Decimal(100)},
        reason="too much",
        idempotency_key="back",
        now=LATER,
    )

    invoice = await invoice_of(place.company_id, february)
    assert (invoice.paid, invoice.credited) == (Decimal("189.59"), Decimal(100))
    assert await paid(place, march) == ["100.000000"]
    assert await balance(place) == Decimal("-134.57")
    assert await verify() == []

"""Notices of overdue invoices: one after the other, and none counts that is not proven."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

from db import access
from db.access import Connection
from db.enums import DeliveryMethod, PaymentMethod
from db.ids import CompanyId, InvoiceId, NoticeId
from domain.notices import holidays
from domain.notices import operations as notices
from domain.notices.operations import NoticeDelivered, NoticeUndelivered, NotOverdue
from domain.payments import operations as payments
from domain.refusals import InTheFuture, InvalidValue, NotThere, StaleVersion
from tests.db.invoicing import (
    ISSUED_AT,
    invoice_of,
    invoiced,
    make_consumed,
    query,
)
from tests.factories import Place, account_of

# Due on the 12th; the 16th is a Monday.
OVERDUE_AT = ISSUED_AT + timedelta(days=14)


@pytest.fixture
async def place(room: None) -> Place:
    return await make_consumed()


@pytest.fixture
async def invoice_id(place: Place) -> InvoiceId:
    return await invoiced(place)


async def deliver(place: Place, notice_id: NoticeId, **changes: Any) -> NoticeId:
    asked: dict[str, Any] = {
        "expected_version": 1,
        "method": DeliveryMethod.REGISTERED_POST,
        "evidence": "RR123456789TR",
        "delivered_at": OVERDUE_AT,
        "now": OVERDUE_AT,
        **changes,
    }
    return await notices.record_delivery(company_id=place.company_id, notice_id=notice_id, **asked)


async def issue(place: Place, invoice_id: InvoiceId, *, days: int = 0) -> NoticeId:
    return await notices.issue(
        company_id=place.company_id, invoice_id=invoice_id, now=OVERDUE_AT + timedelta(days=days)
    )


async def cut_allowed_from(place: Place, invoice_id: InvoiceId) -> date | None:
    async with access.tenant(place.company_id) as connection:
        return await notices.cut_allowed_from(
            connection, company_id=place.company_id, invoice_id=invoice_id
        )


async def test_the_second_notice_gates_a_cut_once_it_is_proven(
    place: Place, invoice_id: InvoiceId
) -> None:
    await holidays.set_year(
        company_id=place.company_id, year=2026, days={date(2026, 3, 20): "Ramazan Bayramı"}
    )
    allowed = [await cut_allowed_from(place, invoice_id)]
    await deliver(place, await issue(place, invoice_id))
    allowed.append(await cut_allowed_from(place, invoice_id))
    second = await issue(place, invoice_id)
    allowed.append(await cut_allowed_from(place, invoice_id))

    await deliver(place, second)

    assert allowed == [None, None, None]
    # After the 17th, 18th, 19th, 23rd and 24th.
    assert await cut_allowed_from(place, invoice_id) == date(2026, 3, 25)
    assert await query("select array_agg(number order by id) from overdue_notice") == [1, 2]


async def test_a_notice_waits_for_the_proof_of_the_one_before(
    place: Place, invoice_id: InvoiceId
) -> None:
    await issue(place, invoice_id)

    with pytest.raises(NoticeUndelivered):
        await issue(place, invoice_id, days=1)

    assert await query("select count(*) from overdue_notice") == 1


async def test_only_of_what_is_overdue_anybody_is_told(place: Place, invoice_id: InvoiceId) -> None:
    with pytest.raises(NotOverdue):
        await issue(place, invoice_id, days=-4)
    await payments.record(
        company_id=place.company_id,
        account_id=account_of(place),
        amount=(await invoice_of(place.company_id, invoice_id)).open,
        method=PaymentMethod.CASH,
        received_at=OVERDUE_AT,
        idempotency_key="all",
        now=OVERDUE_AT,
    )
    with pytest.raises(NotOverdue):
        await issue(place, invoice_id)
    with pytest.raises(NotThere):
        await issue(place, InvoiceId(1))

    assert await query("select count(*) from overdue_notice") == 0


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        pytest.param({"expected_version": 2}, StaleVersion, id="changed meanwhile"),
        pytest.param({"evidence": " "}, InvalidValue, id="without evidence"),
        pytest.param(
            {"delivered_at": OVERDUE_AT - timedelta(days=1)}, InvalidValue, id="before it was made"
        ),
        pytest.param({"delivered_at": OVERDUE_AT + timedelta(days=1)}, InTheFuture, id="not yet"),
    ],
)
async def test_other_proofs_are_refused(
    place: Place, invoice_id: InvoiceId, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    notice_id = await issue(place, invoice_id)

    with pytest.raises(refusal):
        await deliver(place, notice_id, **changes)

    assert await query("select delivered_at from overdue_notice") is None


async def test_a_proof_is_not_changed(place: Place, invoice_id: InvoiceId) -> None:
    notice_id = await issue(place, invoice_id)
    await deliver(place, notice_id)

    with pytest.raises(NoticeDelivered):
        await deliver(place, notice_id, expected_version=2, evidence="another")

    assert await query("select delivery_evidence from overdue_notice") == "RR123456789TR"


@pytest.mark.parametrize("door", ["tenant", "system"])
async def test_no_statement_changes_a_proof(place: Place, invoice_id: InvoiceId, door: str) -> None:
    await deliver(place, await issue(place, invoice_id))
    doors: dict[str, Callable[[CompanyId], AbstractAsyncContextManager[Connection]]] = {
        "tenant": access.tenant,
        "system": access.system,
    }

    with pytest.raises(asyncpg.RestrictViolationError):
        async with doors[door](place.company_id) as connection:
            await connection.execute(
                "update overdue_notice set delivered_at = delivered_at - interval '9 days'"
                " where company_id = $1",
                place.company_id,
            )

    assert await query("select delivered_at from overdue_notice") == OVERDUE_AT


async def test_holidays_of_a_year_are_set_as_a_whole(place: Place) -> None:
    new_year, april = date(2026, 1, 1), date(2026, 4, 23)
    asked: dict[str, Any] = {"company_id": place.company_id, "year": 2026}
    await holidays.set_year(**asked, days={new_year: "Yılbaşı"})

    await holidays.set_year(**asked, days={april: "23 Nisan"})
    await holidays.set_year(**asked, days={april: "Çocuk Bayramı"})

    for wrong in ({date(2027, 1, 1): "Yılbaşı"}, {april: " "}):
        with pytest.raises(InvalidValue):
            await holidays.set_year(**asked, days=wrong)
    with pytest.raises(InvalidValue):
        await holidays.set_year(company_id=place.company_id, year=0, days={})
    assert await holidays.of_year(**asked) == {april: "Çocuk Bayramı"}
    assert await holidays.of_year(company_id=place.company_id, year=2027) == {}

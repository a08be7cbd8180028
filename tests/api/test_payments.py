"""Payments over GraphQL: taken, told anew and undone, by whoever may."""

from decimal import Decimal

import pytest

from api.global_ids import encode
from db import access
from db.enums import Role
from db.ids import InvoiceId
from tests.api.invoicing import ERRORS, PAYMENT, account_id, pay
from tests.api.web import User, Web
from tests.db.invoicing import invoice_of, invoiced, make_consumed, query
from tests.factories import NOW, Place

CREDIT = f"""
mutation ($input: CreditInvoiceInput!) {{
  done: creditInvoice(input: $input) {{ invoice {{ id }} {ERRORS} }}
}}
"""
ISSUE = f"""
mutation ($input: IssueInvoiceInput!) {{
  done: issueInvoice(input: $input) {{ invoice {{ id }} {ERRORS} }}
}}
"""
REVERSE = f"""
mutation ($input: ReversePaymentInput!) {{
  done: reversePayment(input: $input) {{ {PAYMENT} {ERRORS} }}
}}
"""
ALLOCATE = f"""
mutation ($input: AllocatePaymentInput!) {{
  done: allocatePayment(input: $input) {{ {PAYMENT} {ERRORS} }}
}}
"""
TRANSFERS = """
query {
  bankTransfers(where: {state: {eq: REVIEW}}) {
    nodes { id text version amount { amount } suggestedInvoice { id } }
  }
}
"""


@pytest.fixture
async def place(web: Web, room: None) -> Place:
    return await make_consumed()


@pytest.fixture
async def invoice_id(web: Web, place: Place) -> InvoiceId:
    return await invoiced(place, now=NOW)


async def test_a_payment_is_taken_told_anew_and_undone(
    web: Web, place: Place, administrator: User, invoice_id: InvoiceId
) -> None:
    taken = (await pay(web, administrator, place)).data["done"]["payment"]
    told = await web.ask(
        ALLOCATE,
        administrator,
        input={
            "id": taken["id"],
            "expectedVersion": taken["version"],
            "allocations": [{"invoiceId": encode("Invoice", invoice_id), "amount": "40"}],
        },
    )
    undone = await web.ask(
        REVERSE,
        administrator,
        input={
            "id": taken["id"],
            "expectedVersion": told.data["done"]["payment"]["version"],
            "reason": "false money",
        },
    )

    pays = [{"invoiceId": encode("Invoice", invoice_id), "amount": {"amount": "100.000000"}}]
    assert taken["allocations"] == pays
    assert (taken["state"], taken["transaction"]) == ("POSTED", {"kind": "PAYMENT"})
    assert told.data["done"]["payment"]["unallocated"] == {"amount": "60.000000"}
    ended = undone.data["done"]["payment"]
    assert (ended["state"], ended["reversalReason"]) == ("REVERSED", "false money")
    assert (ended["allocations"], ended["reversal"]) == ([], {"kind": "REVERSAL"})
    assert ended["unallocated"] == {"amount": "0.000000"}


async def test_nothing_is_told_twice_of_which_once_would_be_lost(
    web: Web, place: Place, administrator: User, invoice_id: InvoiceId
) -> None:
    taken = (await pay(web, administrator, place)).data["done"]["payment"]
    invoice = encode("Invoice", invoice_id)
    told = {
        "id": taken["id"],
        "expectedVersion": taken["version"],
        "allocations": [{"invoiceId": invoice, "amount": amount} for amount in ("30", "40")],
    }
    credited = {
        "invoiceId": invoice,
        "lines": [{"number": 1, "amount": amount} for amount in ("30", "40")],
        "reason": "a wrong index",
        "idempotencyKey": "back",
    }

    answers = [
        await web.ask(ALLOCATE, administrator, input=told),
        await web.ask(CREDIT, administrator, input=credited),
    ]

    assert [answer.codes for answer in answers] == [["BAD_USER_INPUT"]] * 2
    found = await invoice_of(place.company_id, invoice_id)
    assert (found.paid, found.credited) == (Decimal(100), Decimal(0))


async def test_a_key_that_was_used_for_another_payment_is_refused(
    web: Web, place: Place, administrator: User, invoice_id: InvoiceId
) -> None:
    await pay(web, administrator, place)

    answer = await pay(web, administrator, place, amount="7")

    assert answer.data["done"]["userErrors"] == [
        {
            "__typename": "IdempotencyConflict",
            "code": "IDEMPOTENCY_CONFLICT",
            "path": ["input", "idempotencyKey"],
        }
    ]
    assert await query("select count(*) from payment") == 1


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.AUDITOR, Role.SUBSCRIBER, Role.PARTNER])
async def test_who_may_not_change_money_changes_none(
    web: Web, place: Place, administrator: User, invoice_id: InvoiceId, role: Role
) -> None:
    subscriber_id = place.subscriber_id if role is Role.SUBSCRIBER else None
    user = await web.user(place.company_id, role, subscriber_id=subscriber_id)
    issue = {"accountId": account_id(place), "month": "2026-02-14"}
    credit = {
        "invoiceId": encode("Invoice", invoice_id),
        "reason": "none",
        "idempotencyKey": "none",
    }

    payment = (await pay(web, administrator, place)).data["done"]["payment"]
    version = {"id": payment["id"], "expectedVersion": payment["version"]}

    answers = [
        await pay(web, user, place, idempotencyKey="two"),
        await web.ask(ISSUE, user, input=issue),
        await web.ask(CREDIT, user, input=credit),
        await web.ask(REVERSE, user, input=version | {"reason": "none"}),
        await web.ask(ALLOCATE, user, input=version | {"allocations": []}),
    ]
    transfers = await web.ask(TRANSFERS, user)

    assert [answer.codes for answer in answers] == [["FORBIDDEN"]] * 5
    assert transfers.codes == ([] if role is Role.AUDITOR else ["FORBIDDEN"])
    assert await query("select array_agg(state || allocated_micro) from payment") == [
        "POSTED100000000"
    ]
    assert await query("select count(*) from invoice") == 1


async def test_what_bought_credit_pays_no_invoice(web: Web, place: Place) -> None:
    async with access.system() as connection:
        await connection.execute("update account set billing_mode = 'PREPAID'")
    user = await web.user(place.company_id)
    taken = (await pay(web, user, place)).data["done"]["payment"]

    told = await web.ask(
        "query ($id: ID!) { node(id: $id) { ... on Payment { unallocated { amount }"
        " transaction { id kind } allocations { invoiceId transactionId amount { amount } } } } }",
        user,
        id=taken["id"],
    )

    payment = told.data["node"]
    transaction = payment.pop("transaction")
    assert transaction["kind"] == "CASH_TOP_UP"
    assert payment == {
        "unallocated": {"amount": "0.000000"},
        "allocations": [
            {
                "invoiceId": None,
                "transactionId": transaction["id"],
                "amount": {"amount": "100.000000"},
            }
        ],
    }

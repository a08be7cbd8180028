"""Invoices and payments over GraphQL: who may, what is shown, and files by signed URLs."""

import hashlib
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pypdfium2
import pytest

from api.global_ids import encode
from db.enums import Role
from db.ids import InvoiceId
from db.settings import Urls
from domain.invoices import monthly
from domain.invoices.rules import state
from domain.ledger.operations import credit_cash
from tests.api.web import Answer, User, Web
from tests.db.invoicing import (
    ENDS_AT,
    FEBRUARY,
    STARTS_AT,
    account_of,
    invoice_of,
    make_partitions,
    make_postpaid,
    measure,
    query,
)
from tests.factories import NOW, Place, add_supply, make_place, make_register_set
from tests.imports import WORKS
from workers.long_jobs import work_once

SHOWN = """
  id number kind state month issueDate dueDate estimated reason
  subtotal { amount } tax { amount } rounding { amount } total { amount currency }
  paid { amount } credited { amount } open { amount }
  account { id } refersTo { id } creditNotes { totalCount }
  transaction { kind } taxes { name } allocations { amount { amount } }
  lines {
    number kind amount { amount } energyMonth estimated ofLine
    metered {
      meterId meterSerial multiplier first { at index } last { at index } energy pricePerKwh
    }
  }
"""
ERRORS = "userErrors { __typename code path }"
LIST = f"""
query ($where: InvoiceWhereInput) {{
  invoices(first: 5, where: $where, orderBy: [{{field: NUMBER, direction: ASC}}]) {{
    nodes {{ {SHOWN} }} totalCount
  }}
}}
"""
PDF = """
query ($language: InvoiceLanguage) {
  invoices { nodes { pdf(language: $language) { url expiresAt fileName mimeType size sha256 } } }
}
"""
ISSUE = f"""
mutation ($input: IssueInvoiceInput!) {{
  done: issueInvoice(input: $input) {{ invoice {{ {SHOWN} }} {ERRORS} }}
}}
"""
CREDIT = f"""
mutation ($input: CreditInvoiceInput!) {{
  done: creditInvoice(input: $input) {{ invoice {{ {SHOWN} }} {ERRORS} }}
}}
"""
PAYMENT = """
  payment {
    id amount { amount } unallocated { amount } method reference state reversalReason version
    allocations { invoiceId amount { amount } } transaction { kind } reversal { kind }
  }
"""
RECORD = f"""
mutation ($input: RecordPaymentInput!) {{
  done: recordPayment(input: $input) {{ {PAYMENT} {ERRORS} }}
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
UPLOAD = """
mutation ($input: CreateUploadInput!) {
  createUpload(input: $input) { upload { id putUrl } userErrors { code } }
}
"""
IMPORT = f"""
mutation ($input: ImportBankStatementInput!) {{
  done: importBankStatement(input: $input) {{ job {{ kind state }} {ERRORS} }}
}}
"""
TRANSFERS = """
query {
  bankTransfers(where: {state: {eq: REVIEW}}) {
    nodes { id text version amount { amount } suggestedInvoice { id } }
  }
}
"""
MATCH = f"""
mutation ($input: MatchBankTransferInput!) {{
  done: matchBankTransfer(input: $input) {{ bankTransfer {{ state payment {{ id }} }} {ERRORS} }}
}}
"""
IGNORE = f"""
mutation ($input: IgnoreBankTransferInput!) {{
  done: ignoreBankTransfer(input: $input) {{ bankTransfer {{ state ignoredBecause }} {ERRORS} }}
}}
"""
PURCHASES = """
query ($range: TimeRangeInput!, $by: PurchaseGrouping!) {
  creditPurchases(range: $range, groupBy: $by) {
    amount { amount } purchaseCount month branchId fieldId method
  }
}
"""


@pytest.fixture
async def place(web: Web, database: Urls) -> Place:
    await make_partitions(database.owner)
    place = await make_postpaid()
    registers = await make_register_set(place.company_id)
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT: 123_456})
    return place


@pytest.fixture
async def administrator(web: Web, place: Place) -> User:
    return await web.user(place.company_id)


@pytest.fixture
async def invoice_id(web: Web, place: Place) -> InvoiceId:
    return await monthly.issue(
        company_id=place.company_id, account_id=account_of(place), month=FEBRUARY, now=NOW
    )


def account_id(place: Place) -> str:
    return encode("Account", account_of(place))


async def pay(web: Web, user: User, place: Place, **changes: Any) -> Answer:
    given = {
        "accountId": account_id(place),
        "amount": "100.000000",
        "method": "CASH",
        "reference": "receipt 7",
        "receivedAt": NOW.isoformat(),
        "idempotencyKey": "one",
        **changes,
    }
    return await web.ask(RECORD, user, input=given)


async def test_a_month_is_invoiced(web: Web, place: Place, administrator: User) -> None:
    given = {"accountId": account_id(place), "month": "2026-02-14"}

    answer = await web.ask(ISSUE, administrator, input=given)
    again = await web.ask(ISSUE, administrator, input=given)

    made = answer.data["done"]
    assert made["userErrors"] == []
    assert again.data == answer.data
    assert made["invoice"] | {"id": "", "lines": []} == {
        "id": "",
        "number": "INV2026000000001",
        "kind": "MONTHLY",
        "state": "ISSUED",
        "month": "2026-02-01",
        "issueDate": "2026-03-18",
        "dueDate": "2026-03-28",
        "estimated": False,
        "reason": None,
        "subtotal": {"amount": "289.588134"},
        "tax": {"amount": "0.000000"},
        "rounding": {"amount": "0.001866"},
        "total": {"amount": "289.590000", "currency": "TRY"},
        "paid": {"amount": "0.000000"},
        "credited": {"amount": "0.000000"},
        "open": {"amount": "289.590000"},
        "account": {"id": account_id(place)},
        "refersTo": None,
        "creditNotes": {"totalCount": 0},
        "transaction": {"kind": "INVOICE_ROUNDING"},
        "taxes": [],
        "allocations": [],
        "lines": [],
    }
    assert made["invoice"]["lines"] == [
        {
            "number": 1,
            "kind": "ENERGY",
            "amount": {"amount": "289.588134"},
            "energyMonth": "2026-02-01",
            "estimated": False,
            "ofLine": None,
            "metered": {
                "meterId": encode("Meter", place.supplies[0].meter_id),
                "meterSerial": place.supplies[0].serial,
                "multiplier": "1",
                "first": {"at": "2026-01-31T21:00:00+00:00", "index": "0.000"},
                "last": {"at": "2026-02-28T21:00:00+00:00", "index": "123.456"},
                "energy": "123.456",
                "pricePerKwh": "2.345678901",
            },
        }
    ]


async def test_a_rule_says_why_a_month_is_not_invoiced(
    web: Web, place: Place, administrator: User
) -> None:
    given = {"accountId": account_id(place), "month": "2026-03-14"}

    answer = await web.ask(ISSUE, administrator, input=given)

    assert answer.data["done"] == {
        "invoice": None,
        "userErrors": [
            {"__typename": "RuleBroken", "code": "MONTH_NOT_OVER", "path": ["input", "month"]}
        ],
    }


async def test_an_invoice_is_taken_back_by_line(
    web: Web, place: Place, administrator: User, invoice_id: InvoiceId
) -> None:
    given = {
        "invoiceId": encode("Invoice", invoice_id),
        "lines": [{"number": 1, "amount": "89.59"}],
        "reason": "a wrong index",
        "idempotencyKey": "back",
    }

    answer = await web.ask(CREDIT, administrator, input=given)

    note = answer.data["done"]["invoice"]
    assert (note["number"], note["kind"]) == ("CRN2026000000001", "CREDIT_NOTE")
    assert (note["state"], note["reason"]) == ("ISSUED", "a wrong index")
    assert note["refersTo"] == {"id": encode("Invoice", invoice_id)}
    assert note["total"]["amount"] == "89.590000"
    assert note["lines"][0]["ofLine"] == 1
    listed = await web.ask(LIST, administrator, where={"kind": {"eq": "MONTHLY"}})
    (invoice,) = listed.data["invoices"]["nodes"]
    assert invoice["open"]["amount"] == "200.000000"
    assert invoice["creditNotes"] == {"totalCount": 1}


@pytest.mark.parametrize("paid", [None, "100.00", "289.59"])
@pytest.mark.parametrize("days", [0, 20])
async def test_the_lists_states_are_those_of_the_rule(
    web: Web,
    place: Place,
    administrator: User,
    invoice_id: InvoiceId,
    paid: str | None,
    days: int,
) -> None:
    if paid is not None:
        assert (await pay(web, administrator, place, amount=paid)).data["done"]["payment"]
    web.clock.move(timedelta(days=days))
    administrator = await web.user(place.company_id)
    invoice = await invoice_of(place.company_id, invoice_id)
    expected = state(
        kind=invoice.kind,
        total=invoice.totals.total,
        paid=invoice.paid,
        credited=invoice.credited,
        due_date=invoice.due_date,
        today=web.clock().date(),
    )

    answer = await web.ask(LIST, administrator, where={"state": {"eq": expected}})

    assert [node["state"] for node in answer.data["invoices"]["nodes"]] == [expected]


@pytest.mark.parametrize(("language", "word"), [("TR", "Elektrik faturası"), (None, "invoice")])
async def test_a_picture_is_fetched_by_a_signed_url(
    web: Web,
    place: Place,
    administrator: User,
    invoice_id: InvoiceId,
    language: str | None,
    word: str,
) -> None:
    answer = await web.ask(PDF, administrator, language=language)

    pdf = answer.data["invoices"]["nodes"][0]["pdf"]
    fetched = await web.http.get(pdf["url"])
    assert fetched.status_code == 200
    assert fetched.headers["content-type"] == pdf["mimeType"] == "application/pdf"
    assert pdf["fileName"] in fetched.headers["content-disposition"]
    assert len(fetched.content) == pdf["size"]
    assert hashlib.sha256(fetched.content).hexdigest() == pdf["sha256"]
    with pypdfium2.PdfDocument(fetched.content) as opened:
        assert word in opened[0].get_textpage().get_text_bounded()
    forged = await web.http.get(pdf["url"][:-3] + "AAA")
    assert forged.status_code == 404
    web.clock.move(timedelta(minutes=16))
    assert (await web.http.get(pdf["url"])).status_code == 410


async def test_a_url_of_an_invoice_fetches_no_other_file(
    web: Web, administrator: User, invoice_id: InvoiceId
) -> None:
    answer = await web.ask(PDF, administrator)

    url = answer.data["invoices"]["nodes"][0]["pdf"]["url"]

    fetched = await web.http.get(url.replace("/invoices/", "/files/"))
    assert fetched.status_code == 404


async def test_many_pictures_are_too_much_for_one_request(
    web: Web, administrator: User, invoice_id: InvoiceId
) -> None:
    answer = await web.ask(
        "query { invoices(first: 100) { nodes { pdf { size } } } }", administrator
    )

    assert answer.codes == ["QUERY_TOO_COMPLEX"]
    assert await query("select count(*) from invoice_document") == 0


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


@pytest.mark.parametrize("month", ["9999-12-01", "0001-01-01", "2025-12-31"])
async def test_of_a_month_without_the_account_nothing_is_invoiced(
    web: Web, place: Place, administrator: User, month: str
) -> None:
    given = {"accountId": account_id(place), "month": month}

    answer = await web.ask(ISSUE, administrator, input=given)

    code = "MONTH_NOT_OVER" if month > "2026" else "NOTHING_TO_INVOICE"
    assert [error["code"] for error in answer.data["done"]["userErrors"]] == [code]
    assert await query("select count(*) from invoice") == 0


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


async def test_a_statement_is_taken_in_and_the_rest_reviewed(
    web: Web, place: Place, administrator: User, invoice_id: InvoiceId
) -> None:
    content = (
        b"date;amount;currency;reference\n"
        b"2026-03-05;100;TRY;INV2026000000001\n"
        b"2026-03-06;189.59;TRY;elektrik\n"
        b"2026-03-07;5;TRY;kira\n"
    )
    given = {"fileName": "march.csv", "mimeType": "text/csv", "size": len(content)}
    upload = (await web.ask(UPLOAD, administrator, input=given)).data["createUpload"]["upload"]
    sent = await web.http.put(
        upload["putUrl"], content=content, headers={"Content-Type": "text/csv"}
    )
    assert sent.status_code == 204

    asked = await web.ask(IMPORT, administrator, input={"uploadId": upload["id"], "format": "CSV"})
    assert asked.data["done"]["job"] == {"kind": "BANK_STATEMENT", "state": "QUEUED"}
    assert await work_once(works=WORKS, clock=web.clock)

    rent, electricity = (await web.ask(TRANSFERS, administrator)).data["bankTransfers"]["nodes"]
    assert (rent["text"], rent["suggestedInvoice"]) == ("kira", None)
    assert electricity["suggestedInvoice"] == {"id": encode("Invoice", invoice_id)}
    match = {
        "id": electricity["id"],
        "expectedVersion": electricity["version"],
        "accountId": account_id(place),
        "invoiceId": encode("Invoice", invoice_id),
    }
    matched = await web.ask(MATCH, administrator, input=match)
    ignore = {"id": rent["id"], "expectedVersion": rent["version"], "reason": "not ours"}
    ignored = await web.ask(IGNORE, administrator, input=ignore)
    assert matched.data["done"]["bankTransfer"]["state"] == "MATCHED"
    assert ignored.data["done"]["bankTransfer"] == {
        "state": "IGNORED",
        "ignoredBecause": "not ours",
    }
    assert (await invoice_of(place.company_id, invoice_id)).open == 0


async def test_whoever_has_a_part_of_the_company_takes_no_statement_in(
    web: Web, place: Place
) -> None:
    user = await web.user(place.company_id, field_id=place.field_id)
    given = {"uploadId": encode("Upload", 1), "format": "CSV"}

    answer = await web.ask(IMPORT, user, input=given)

    assert answer.codes == ["FORBIDDEN"]


async def test_a_subscriber_sees_the_own_invoices_alone(
    web: Web, place: Place, invoice_id: InvoiceId
) -> None:
    other = await make_place()
    subscriber = await web.user(
        place.company_id, Role.SUBSCRIBER, subscriber_id=place.subscriber_id
    )
    stranger = await web.user(other.company_id, Role.SUBSCRIBER, subscriber_id=other.subscriber_id)
    text = "query { invoices { nodes { number pdf { size } } } }"

    own = (await web.ask(text, subscriber)).data["invoices"]["nodes"]
    none = (await web.ask(text, stranger)).data["invoices"]["nodes"]

    assert [node["number"] for node in own] == ["INV2026000000001"]
    assert own[0]["pdf"]["size"] > 1_000
    assert none == []


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.AUDITOR, Role.SUBSCRIBER, Role.PARTNER])
async def test_who_may_not_change_money_changes_none(
    web: Web, place: Place, invoice_id: InvoiceId, role: Role
) -> None:
    subscriber_id = place.subscriber_id if role is Role.SUBSCRIBER else None
    user = await web.user(place.company_id, role, subscriber_id=subscriber_id)
    issue = {"accountId": account_id(place), "month": "2026-02-14"}
    credit = {
        "invoiceId": encode("Invoice", invoice_id),
        "reason": "none",
        "idempotencyKey": "none",
    }

    answers = [
        await pay(web, user, place),
        await web.ask(ISSUE, user, input=issue),
        await web.ask(CREDIT, user, input=credit),
        await web.ask(TRANSFERS, user),
    ]

    assert [answer.codes for answer in answers] == [["FORBIDDEN"]] * 4
    assert await query("select count(*) from payment") == 0
    assert await query("select count(*) from invoice") == 1


async def test_bought_credit_is_analysed(web: Web, place: Place, administrator: User) -> None:
    prepaid = await add_supply(place)
    assert prepaid.account_id is not None
    for key, (amount, at) in enumerate(
        [("10", STARTS_AT - timedelta(seconds=1)), ("20", STARTS_AT), ("5", ENDS_AT)]
    ):
        await credit_cash(
            company_id=place.company_id,
            account_id=prepaid.account_id,
            amount=Decimal(amount),
            idempotency_key=str(key),
            occurred_at=at,
        )
    span = {"from": "2026-01-01T00:00:00+00:00", "to": "2026-04-01T00:00:00+00:00"}

    async def grouped(by: str, user: User = administrator, since: str = span["from"]) -> Any:
        answer = await web.ask(PURCHASES, user, range=span | {"from": since}, by=by)
        return [
            {name: value for name, value in group.items() if value is not None}
            for group in answer.data["creditPurchases"]
        ]

    assert await grouped("PERIOD") == [
        {"month": "2026-01-01", "amount": {"amount": "10.000000"}, "purchaseCount": 1},
        {"month": "2026-02-01", "amount": {"amount": "20.000000"}, "purchaseCount": 1},
        {"month": "2026-03-01", "amount": {"amount": "5.000000"}, "purchaseCount": 1},
    ]
    whole = {"amount": {"amount": "35.000000"}, "purchaseCount": 3}
    assert await grouped("BRANCH") == [{**whole, "branchId": encode("Branch", place.branch_id)}]
    assert await grouped("FIELD") == [{**whole, "fieldId": encode("Field", place.field_id)}]
    assert await grouped("METHOD") == [{**whole, "method": "CASH_TOP_UP"}]
    assert await grouped("METHOD", since=STARTS_AT.isoformat()) == [
        {"amount": {"amount": "25.000000"}, "purchaseCount": 2, "method": "CASH_TOP_UP"}
    ]
    other = await make_place()
    assert await grouped("METHOD", await web.user(other.company_id)) == []


NOTICE = """
overdueNotice {
  number issuedAt open { amount } deliveredAt deliveryMethod deliveryEvidence invoice { number }
}
userErrors { code }
"""


async def test_a_notice_and_its_proof_are_recorded(
    web: Web, place: Place, administrator: User, invoice_id: InvoiceId
) -> None:
    web.clock.move(timedelta(days=12))
    administrator = await web.user(place.company_id)
    issued = await web.ask(
        f"mutation ($input: IssueOverdueNoticeInput!) {{"
        f" done: issueOverdueNotice(input: $input) {{ {NOTICE} }} }}",
        administrator,
        input={"invoiceId": encode("Invoice", invoice_id)},
    )
    assert issued.data["done"]["overdueNotice"]["deliveredAt"] is None
    listed = await web.ask(
        "query { invoices(first: 1) { nodes { notices(first: 1) { nodes { id version } } } } }",
        administrator,
    )
    ((notice,),) = [node["notices"]["nodes"] for node in listed.data["invoices"]["nodes"]]

    delivered = await web.ask(
        f"mutation ($input: RecordNoticeDeliveryInput!) {{"
        f" done: recordNoticeDelivery(input: $input) {{ {NOTICE} }} }}",
        administrator,
        input={
            "id": notice["id"],
            "expectedVersion": notice["version"],
            "method": "HAND",
            "evidence": "signed by the shopkeeper",
            "deliveredAt": web.clock().isoformat(),
        },
    )

    assert delivered.data["done"] == {
        "overdueNotice": {
            "number": 1,
            "issuedAt": "2026-03-30T12:00:00+00:00",
            "open": {"amount": "289.590000"},
            "deliveredAt": "2026-03-30T12:00:00+00:00",
            "deliveryMethod": "HAND",
            "deliveryEvidence": "signed by the shopkeeper",
            "invoice": {"number": "INV2026000000001"},
        },
        "userErrors": [],
    }

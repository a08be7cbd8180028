"""Notices of overdue invoices over GraphQL."""

from datetime import timedelta
from typing import Any

import pytest

from api.global_ids import encode
from db.ids import InvoiceId
from tests.api.web import User, Web
from tests.db.invoicing import invoiced, make_consumed
from tests.factories import NOW, Place

NOTICE = """
overdueNotice {
  number issuedAt open { amount } deliveredAt deliveryMethod deliveryEvidence invoice { number }
}
userErrors { code }
"""


@pytest.fixture
async def place(web: Web, room: None) -> Place:
    return await make_consumed()


@pytest.fixture
async def invoice_id(web: Web, place: Place) -> InvoiceId:
    return await invoiced(place, now=NOW)


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


async def test_a_company_says_when_notices_go_out_by_themselves(
    web: Web, place: Place, administrator: User
) -> None:
    administrator = await web.user(place.company_id)
    change = (
        "mutation ($input: UpdateCompanyInput!) { done: updateCompany(input: $input) {"
        " company { noticeAfterDays } userErrors { code path } } }"
    )
    asked: list[dict[str, Any]] = [
        {"expectedVersion": 1, "name": "Anadolu"},
        {"expectedVersion": 2, "noticeAfterDays": 3},
        {"expectedVersion": 3, "noticeAfterDays": 366},
        {"expectedVersion": 3, "noticeAfterDays": None},
    ]

    done = [(await web.ask(change, administrator, input=one)).data["done"] for one in asked]

    refused = [{"code": "INVALID_VALUE", "path": ["input", "noticeAfterDays"]}]
    assert done == [
        {"company": {"noticeAfterDays": None}, "userErrors": []},
        {"company": {"noticeAfterDays": 3}, "userErrors": []},
        {"company": None, "userErrors": refused},
        {"company": {"noticeAfterDays": None}, "userErrors": []},
    ]

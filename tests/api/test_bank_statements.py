"""Statements of banks over GraphQL: sent, taken in, and the rest reviewed."""

import pytest

from api.global_ids import encode
from db.ids import InvoiceId
from tests.api.invoicing import ERRORS, account_id
from tests.api.web import User, Web
from tests.db.invoicing import invoice_of, invoiced, make_consumed, query
from tests.factories import NOW, Place
from tests.imports import WORKS
from workers.long_jobs import work_once

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


@pytest.fixture
async def place(web: Web, room: None) -> Place:
    return await make_consumed()


@pytest.fixture
async def invoice_id(web: Web, place: Place) -> InvoiceId:
    return await invoiced(place, now=NOW)


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
    assert await query("select count(*) from job") == 0

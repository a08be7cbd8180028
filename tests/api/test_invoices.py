"""Invoices over GraphQL: who may make and take back what, and what is shown."""

from datetime import date, datetime

import pytest

from api.global_ids import encode
from db.enums import InvoiceState, Role
from db.ids import InvoiceId
from domain.invoices.rules import state
from domain.subscribers import operations as subscribers
from tests.api.invoicing import ERRORS, account_id, pay
from tests.api.web import User, Web
from tests.db.invoicing import invoice_of, invoiced, make_consumed, query
from tests.factories import KEYRING, NOW, Place, make_place

SHOWN = """
  id number kind state month issueDate dueDate estimated reason
  subtotal { amount } tax { amount } rounding { amount } total { amount currency }
  paid { amount } credited { amount } open { amount }
  account { id } refersTo { id } creditNotes { totalCount }
  transaction { kind } taxes { name } allocations { amount { amount } }
  lines {
    number kind amount { amount } energyMonth estimated ofLine
    metered {
      meterId meterSerial multiplier first { at index } last { at index } energy
    }
    priced { component rate quantity unit price }
  }
"""
LIST = f"""
query ($where: InvoiceWhereInput) {{
  invoices(first: 5, where: $where, orderBy: [{{field: NUMBER, direction: ASC}}]) {{
    nodes {{ {SHOWN} }} totalCount
  }}
}}
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
# Of what is due on 28 March in Istanbul: the last moment of that day, and the first one after it.
LAST_DAYS = {"2026-03-28T20:59:59+00:00": "2026-03-28", "2026-03-28T21:00:00+00:00": "2026-03-29"}
IN_STATE = "invoices(where: {{kind: {{eq: MONTHLY}}, state: {{eq: {0}}}}}) {{ nodes {{ state }} }}"
EACH_STATE = "{" + "".join(f"{one}: {IN_STATE.format(one)} " for one in InvoiceState) + "}"


@pytest.fixture
async def place(web: Web, room: None) -> Place:
    return await make_consumed()


@pytest.fixture
async def invoice_id(web: Web, place: Place) -> InvoiceId:
    return await invoiced(place, now=NOW)


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
            },
            "priced": {
                "component": None,
                "rate": None,
                "quantity": "123.456",
                "unit": "KWH",
                "price": "2.345678901",
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
    assert await query("select count(*) from invoice") == 0


@pytest.mark.parametrize("month", ["9999-12-01", "0001-01-01", "2025-12-31"])
async def test_of_a_month_without_the_account_nothing_is_invoiced(
    web: Web, place: Place, administrator: User, month: str
) -> None:
    given = {"accountId": account_id(place), "month": month}

    answer = await web.ask(ISSUE, administrator, input=given)

    code = "MONTH_NOT_OVER" if month > "2026" else "NOTHING_TO_INVOICE"
    assert [error["code"] for error in answer.data["done"]["userErrors"]] == [code]
    assert await query("select count(*) from invoice") == 0


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


@pytest.mark.parametrize(
    ("paid", "is_credited", "states"),
    [
        pytest.param(None, False, ["ISSUED", "OVERDUE"], id="new"),
        pytest.param("100.00", False, ["PARTLY_PAID", "OVERDUE"], id="partly paid"),
        pytest.param("289.59", False, ["PAID", "PAID"], id="paid"),
        pytest.param(None, True, ["CANCELLED", "CANCELLED"], id="taken back"),
    ],
)
async def test_the_lists_states_are_those_of_the_rule(
    web: Web,
    place: Place,
    administrator: User,
    invoice_id: InvoiceId,
    paid: str | None,
    is_credited: bool,
    states: list[str],
) -> None:
    if paid is not None:
        assert (await pay(web, administrator, place, amount=paid)).data["done"]["payment"]
    if is_credited:
        note = {"invoiceId": encode("Invoice", invoice_id), "reason": "a", "idempotencyKey": "a"}
        assert (await web.ask(CREDIT, administrator, input=note)).data["done"]["invoice"]
    invoice = await invoice_of(place.company_id, invoice_id)

    listed, ruled = [], []
    for at, today in LAST_DAYS.items():
        web.clock.now = datetime.fromisoformat(at)
        answer = await web.ask(EACH_STATE, await web.user(place.company_id))
        listed.append(
            {one: nodes for one, found in answer.data.items() if (nodes := found["nodes"])}
        )
        ruled.append(
            state(
                kind=invoice.kind,
                total=invoice.totals.total,
                paid=invoice.paid,
                credited=invoice.credited,
                due_date=invoice.due_date,
                today=date.fromisoformat(today),
            )
        )

    assert ruled == states
    assert listed == [{one: [{"state": one}]} for one in states]


async def test_a_subscriber_sees_the_own_invoices_alone(
    web: Web, place: Place, invoice_id: InvoiceId
) -> None:
    other = await make_place()
    subscriber = await web.user(
        place.company_id, Role.SUBSCRIBER, subscriber_id=place.subscriber_id
    )
    stranger = await web.user(other.company_id, Role.SUBSCRIBER, subscriber_id=other.subscriber_id)
    neighbour = await web.user(
        place.company_id,
        Role.SUBSCRIBER,
        subscriber_id=await subscribers.create(
            company_id=place.company_id,
            reference="next door",
            contact={"name": "Can Öz"},
            keyring=KEYRING,
        ),
    )
    text = "query { invoices { nodes { number pdf { size } } } }"

    own = (await web.ask(text, subscriber)).data["invoices"]["nodes"]
    others = [(await web.ask(text, one)).data["invoices"]["nodes"] for one in (stranger, neighbour)]

    assert [node["number"] for node in own] == ["INV2026000000001"]
    assert own[0]["pdf"]["size"] > 1_000
    assert others == [[], []]

"""A month as it is charged as a whole, over GraphQL: from its prices to its invoice."""

from datetime import date

import pytest

from api.global_ids import encode
from db.enums import RefundWay, Role
from domain.accounts import closing
from domain.accounts.closing import Ending, Successor
from domain.invoices.rules import Month
from domain.month_charges import faults
from domain.subscribers import operations as subscribers
from tests.api.monthly import OVER, look, make_factory
from tests.api.web import User, Web
from tests.db.month_charges.world import (
    read,
    work,
)
from tests.factories import KEYRING, NOW, Place, account_of

BOOKS = """
query ($account: ID!) {
  ledgerEntries(where: { kind: { eq: MONTH_CHARGE }, accountId: { eq: $account } }) {
    nodes { kind energyDate amount { amount } }
  }
  invoices { nodes { lines {
    kind amount { amount }
    metered { meterSerial multiplier first { at index } last { at index } energy }
    priced { component quantity unit price }
  } } }
}
"""
ISSUE = """
mutation ($input: IssueInvoiceInput!) {
  done: issueInvoice(input: $input) { invoice { id } userErrors { code path } }
}
"""


@pytest.fixture
async def factory(web: Web, room: None) -> Place:
    return await make_factory(web)


@pytest.fixture
async def administrator(web: Web, factory: Place) -> User:
    return await web.user(factory.company_id, Role.ADMINISTRATOR)


async def test_a_month_goes_from_its_prices_to_its_invoice(
    web: Web, factory: Place, administrator: User
) -> None:
    await read(factory, OVER)
    await work(NOW)
    account = encode("Account", account_of(factory))

    issued = await web.ask(
        ISSUE, administrator, input={"accountId": account, "month": "2026-02-01"}
    )
    books = await web.ask(BOOKS, administrator, account=account)

    assert issued.data["done"]["userErrors"] == []
    assert books.data["ledgerEntries"]["nodes"] == [
        {
            "kind": "MONTH_CHARGE",
            "energyDate": "2026-02-28",
            "amount": {"amount": "-250.000000"},
        }
    ]
    (invoice,) = books.data["invoices"]["nodes"]
    assert invoice["lines"][1:] == [
        {
            "kind": "DEMAND",
            "amount": {"amount": "125.000000"},
            "metered": {
                "meterSerial": factory.supplies[0].serial,
                "multiplier": "1",
                "first": None,
                "last": {"at": "2026-02-03T21:00:00+00:00", "index": "12.500"},
                "energy": "12.500",
            },
            "priced": {"component": "Demand", "quantity": "12.5", "unit": "KW", "price": "10"},
        },
        {
            "kind": "REACTIVE",
            "amount": {"amount": "125.000000"},
            "metered": {
                "meterSerial": factory.supplies[0].serial,
                "multiplier": "1",
                "first": {"at": "2026-01-31T21:00:00+00:00", "index": "0.000"},
                "last": {"at": "2026-02-28T21:00:00+00:00", "index": "250.000"},
                "energy": "250.000",
            },
            "priced": {
                "component": "Reactive",
                "quantity": "250",
                "unit": "KVARH",
                "price": "0.5",
            },
        },
    ]


async def test_the_verdict_of_a_month_says_why(
    web: Web, factory: Place, administrator: User
) -> None:
    await read(factory, OVER)
    await work(NOW)

    answer = await look(web, administrator, factory)

    (verdict,) = answer.data["found"]["verdicts"]
    charges = verdict.pop("charges")
    assert verdict == {
        "notJudged": None,
        "activeEnergy": "1000.000",
        "waived": False,
        "compensationFault": False,
        "chargedKvarh": "250",
        "peaks": [{"register": "1.6.0", "kw": "12.5"}],
        "inductive": {"kvarh": "250", "ratio": "0.25", "limit": "0.2", "exceeded": True},
        "capacitive": {"kvarh": "100", "ratio": "0.1", "limit": "0.15", "exceeded": False},
    }
    assert [(one["revision"], one["component"], one["amount"]["amount"]) for one in charges] == [
        (1, "Demand", "125.000000"),
        (1, "Reactive", "125.000000"),
    ]


async def test_who_may_not_see_money_sees_the_verdict(web: Web, factory: Place) -> None:
    await read(factory, OVER)
    await work(NOW)
    partner = await web.user(factory.company_id, Role.PARTNER)

    answer = await look(web, partner, factory)

    (verdict,) = answer.body["data"]["found"]["verdicts"]
    assert (verdict["chargedKvarh"], verdict["charges"]) == ("250", None)
    assert answer.codes == ["FORBIDDEN"]


async def test_tenants_see_nothing_of_months_before_them(web: Web, factory: Place) -> None:
    await read(factory, OVER)
    await work(NOW)
    await faults.record(
        company_id=factory.company_id,
        point_id=factory.supplies[0].point_id,
        month=Month(date(2026, 2, 1)),
        reason="capacitor 3 failed",
        now=NOW,
    )
    newcomer = await subscribers.create(
        company_id=factory.company_id,
        reference="newcomer",
        contact={"name": "Fatma Çelik"},
        keyring=KEYRING,
    )
    await closing.change_tenancy(
        company_id=factory.company_id,
        account_id=account_of(factory),
        expected_version=1,
        ending=Ending(
            at=NOW,
            final_indexes={factory.supplies[0].point_id: 1_000_000},
            refund_by=RefundWay.CASH,
        ),
        successor=Successor(number="NEW", subscriber_id=newcomer),
        now=NOW,
    )
    before, after = [
        await web.user(factory.company_id, Role.SUBSCRIBER, subscriber_id=subscriber_id)
        for subscriber_id in (factory.subscriber_id, newcomer)
    ]

    theirs = await look(web, before, factory)
    others = await look(web, after, factory)

    assert len(theirs.data["found"]["verdicts"]) == 1
    assert theirs.data["found"]["compensationFault"] == {"reason": "capacitor 3 failed"}
    assert others.data["found"] == {"compensationFault": None, "verdicts": []}

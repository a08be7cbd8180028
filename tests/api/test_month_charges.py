"""A month as it is charged as a whole, over GraphQL: from its prices to its invoice."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from api.global_ids import encode
from db.enums import BillingMode, Role
from db.settings import Urls
from domain.ledger.queries import verify
from tests.api.premises import count
from tests.api.web import Answer, User, Web
from tests.db.invoicing import make_partitions
from tests.db.month_charges.world import (
    ENDS_AT,
    FACTORY,
    OPENED_AT,
    STARTS_AT,
    know,
    read,
    value,
    work,
)
from tests.factories import NOW, Place, account_of, add_supply, make_place, open_account

PRICES = {
    "components": [
        {"name": "Energy", "kind": "ENERGY", "register": "1.8.0", "price": "1"},
        {"name": "Demand", "kind": "DEMAND", "register": "1.6.0", "price": "10"},
        {"name": "Reactive", "kind": "REACTIVE", "register": "5.8.0", "price": "0.5"},
    ],
    "reactive": {
        "validFrom": "2026-01-01",
        "classes": [
            {"installedKvaMin": "0", "inductive": "0.33", "capacitive": "0.20"},
            {"installedKvaMin": "50", "inductive": "0.20", "capacitive": "0.15"},
        ],
        "exempt": ["RESIDENTIAL", "LIGHTING"],
        "singlePhaseExempt": True,
        "connectionKwExempt": "9",
        "waivedFaultsAYear": 1,
        "waiverEndsWithTheNext": True,
    },
}
PROPOSE = """
mutation ($input: ProposeTariffVersionInput!) {
  done: proposeTariffVersion(input: $input) { tariffVersion { id } userErrors { code path } }
}
"""
APPROVE = """
mutation ($input: TariffVersionInput!) {
  done: approveTariffVersion(input: $input) { tariffVersion { state } userErrors { code } }
}
"""
MONTH = """
  compensationFault { reason }
  verdicts {
    notJudged activeEnergy waived compensationFault chargedKvarh peaks { register kw }
    inductive { kvarh ratio limit exceeded } capacitive { kvarh ratio limit exceeded }
    charges { revision component kind quantity unit price amount { amount currency } }
  }
"""
LOOK = f"""
query ($point: ID!, $month: Date!) {{
  found: meteringPointMonth(meteringPointId: $point, month: $month) {{ {MONTH} }}
}}
"""
RECORD = f"""
mutation ($input: RecordCompensationFaultInput!) {{
  done: recordCompensationFault(input: $input) {{
    meteringPointMonth {{ {MONTH} }} userErrors {{ code path }}
  }}
}}
"""
REVOKE = RECORD.replace("Record", "Revoke").replace("record", "revoke")
BOOKS = """
query ($account: ID!) {
  ledgerEntries(where: { kind: { eq: MONTH_CHARGE }, account: { eq: $account } }) {
    nodes { kind energyDate amount { amount } }
  }
  invoices { nodes { lines { kind amount { amount } priced { component quantity unit price } } } }
}
"""
ISSUE = """
mutation ($input: IssueInvoiceInput!) {
  done: issueInvoice(input: $input) { invoice { id } userErrors { code path } }
}
"""
OVER = {
    STARTS_AT: (0, 0, 0, 40_000),
    STARTS_AT + timedelta(days=3): (100_000, 0, 0, 12_500),
    ENDS_AT: (1_000_000, 250_000, 100_000, 12_500),
}


@pytest.fixture
async def place(web: Web, database: Urls) -> Place:
    await make_partitions(database.owner)
    return await make_place(meters=0, opened_at=OPENED_AT - timedelta(days=1))


@pytest.fixture
async def factory(web: Web, place: Place) -> Place:
    """Let the account of a factory pay later by prices that are proposed and approved."""
    await price(web, place)
    supply = await add_supply(place, opened_at=OPENED_AT, with_account=False)
    await know(place, supply, FACTORY)
    account_id = await open_account(
        place,
        {supply.point_id: 0},
        supply.premises_id,
        opened_at=OPENED_AT,
        billing_mode=BillingMode.POSTPAID,
    )
    place.supplies[0] = replace(supply, account_id=account_id)
    return place


@pytest.fixture
async def administrator(web: Web, factory: Place) -> User:
    return await web.user(factory.company_id, Role.ADMINISTRATOR)


async def price(web: Web, place: Place) -> None:
    web.clock.now = OPENED_AT - timedelta(hours=2)
    administrator = await web.user(place.company_id, Role.ADMINISTRATOR)
    given = {
        "tariffId": encode("Tariff", place.tariff_id),
        "validFrom": (OPENED_AT - timedelta(hours=1)).isoformat(),
        "prices": PRICES,
    }
    proposed = await web.ask(PROPOSE, administrator, input=given)
    version = proposed.data["done"]["tariffVersion"]
    approved = await web.ask(APPROVE, administrator, input={"id": version["id"]})
    assert approved.data["done"]["tariffVersion"] == {"state": "ACTIVE"}
    web.clock.now = NOW


def of_february(place: Place, **more: str) -> dict[str, Any]:
    point = encode("MeteringPoint", place.supplies[0].point_id)
    return {"meteringPointId": point, "month": "2026-02-14", **more}


async def look(web: Web, user: User, place: Place) -> Answer:
    point = encode("MeteringPoint", place.supplies[0].point_id)
    return await web.ask(LOOK, user, point=point, month="2026-02-01")


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
            "priced": {"component": "Demand", "quantity": "12.5", "unit": "KW", "price": "10"},
        },
        {
            "kind": "REACTIVE",
            "amount": {"amount": "125.000000"},
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


async def test_a_fault_that_is_recorded_afterwards_is_settled_until_it_is_revoked(
    web: Web, factory: Place, administrator: User
) -> None:
    await read(factory, OVER)
    await work(NOW)

    recorded = await web.ask(
        RECORD, administrator, input=of_february(factory, reason="capacitor 3 failed")
    )
    await work(NOW)
    waived = await look(web, administrator, factory)
    revoked = await web.ask(REVOKE, administrator, input=of_february(factory, reason="it had not"))
    await work(NOW)
    charged = await look(web, administrator, factory)

    fault = {"reason": "capacitor 3 failed"}
    assert recorded.data["done"]["meteringPointMonth"]["compensationFault"] == fault
    (verdict,) = waived.data["found"]["verdicts"]
    assert (verdict["waived"], verdict["chargedKvarh"]) == (True, "0")
    assert [one["quantity"] for one in verdict["charges"]] == ["12.5", "250", "-250"]
    assert revoked.data["done"]["meteringPointMonth"]["compensationFault"] is None
    (verdict,) = charged.data["found"]["verdicts"]
    assert (verdict["waived"], verdict["chargedKvarh"]) == (False, "250")
    assert await value("select count(*) from month_charge") == 3
    assert await verify() == []


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        pytest.param({"reason": " "}, "INVALID_VALUE", "reason", id="no reason"),
        pytest.param({"month": "2026-04-01"}, "IN_THE_FUTURE", "month", id="a later month"),
    ],
)
async def test_a_fault_has_a_reason_and_a_month(
    web: Web, factory: Place, administrator: User, changes: dict[str, str], code: str, path: str
) -> None:
    given = {**of_february(factory, reason="capacitor 3 failed"), **changes}

    answer = await web.ask(RECORD, administrator, input=given)

    assert answer.data["done"] == {
        "meteringPointMonth": None,
        "userErrors": [{"code": code, "path": ["input", path]}],
    }
    assert await count("compensation_fault") == 0


async def test_a_month_has_one_fault_at_a_time(
    web: Web, factory: Place, administrator: User
) -> None:
    given = of_february(factory, reason="capacitor 3 failed")
    await web.ask(RECORD, administrator, input=given)

    again = await web.ask(RECORD, administrator, input=given)
    await web.ask(REVOKE, administrator, input=given)
    nothing = await web.ask(REVOKE, administrator, input=given)

    assert again.data["done"]["userErrors"] == [
        {"code": "ALREADY_EXISTS", "path": ["input", "month"]}
    ]
    assert nothing.codes == ["NOT_FOUND"]
    assert await count("compensation_fault") == 1


async def test_whoever_may_not_adjust_credit_records_no_fault(web: Web, factory: Place) -> None:
    operator = await web.user(factory.company_id, Role.OPERATOR)

    answer = await web.ask(
        RECORD, operator, input=of_february(factory, reason="capacitor 3 failed")
    )

    assert answer.codes == ["FORBIDDEN"]
    assert await count("compensation_fault") == 0


async def test_a_fault_and_its_revocation_are_daily_entries(
    web: Web, factory: Place, administrator: User
) -> None:
    given = of_february(factory, reason="capacitor 3 failed")

    await web.ask(RECORD, administrator, input=given)
    await web.ask(REVOKE, administrator, input=given)

    entries = "daily_entry where object_type = 'CompensationFault' and user_id is not null and kind"
    assert await count(f"{entries} = 'ADDED'") == 1
    assert await count(f"{entries} = 'UPDATED'") == 1

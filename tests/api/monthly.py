"""A factory that pays for months as a whole, by prices of GraphQL, and what is told of them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from api.global_ids import encode
from db.enums import BillingMode, Role
from tests.api.web import Answer, User, Web
from tests.db.month_charges.world import (
    ENDS_AT,
    FACTORY,
    OPENED_AT,
    STARTS_AT,
    know,
)
from tests.factories import NOW, Place, add_supply, make_place, open_account

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
OVER = {
    STARTS_AT: (0, 0, 0, 40_000),
    STARTS_AT + timedelta(days=3): (100_000, 0, 0, 12_500),
    ENDS_AT: (1_000_000, 250_000, 100_000, 12_500),
}


async def make_factory(web: Web, prices: Mapping[str, Any] = PRICES) -> Place:
    """Let the account of a factory pay later by prices that are proposed and approved."""
    place = await make_place(meters=0, opened_at=OPENED_AT - timedelta(days=1))
    await price(web, place, prices)
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


async def price(web: Web, place: Place, prices: Mapping[str, Any]) -> None:
    web.clock.now = OPENED_AT - timedelta(hours=2)
    administrator = await web.user(place.company_id, Role.ADMINISTRATOR)
    given = {
        "tariffId": encode("Tariff", place.tariff_id),
        "validFrom": (OPENED_AT - timedelta(hours=1)).isoformat(),
        "prices": prices,
    }
    proposed = await web.ask(PROPOSE, administrator, input=given)
    version = proposed.data["done"]["tariffVersion"]
    approved = await web.ask(APPROVE, administrator, input={"id": version["id"]})
    assert approved.data["done"]["tariffVersion"] == {"state": "ACTIVE"}
    web.clock.now = NOW


async def look(web: Web, user: User, place: Place) -> Answer:
    point = encode("MeteringPoint", place.supplies[0].point_id)
    return await web.ask(LOOK, user, point=point, month="2026-02-01")

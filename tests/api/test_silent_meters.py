"""What an account shows while nothing is heard of its meters: what was, and what would be left."""

from decimal import Decimal

from api.global_ids import encode
from db.enums import Role
from tests.api.web import Web
from tests.credit import Books
from tests.factories import make_place, make_register_set

SHOWN = """
query ($id: ID!) {
  node(id: $id) {
    ... on Account {
      segment balance { amount asOf freshness { ageSeconds isStale } }
      forecast { dailyUse projectedBalance }
    }
  }
}
"""


async def test_an_estimate_stands_beside_the_balance_and_moves_nothing(web: Web) -> None:
    place = await make_place(price=Decimal(1))
    books = Books(place, await make_register_set(place.company_id))
    await books.top_up("42")
    for _ in range(12):
        await books.use("3")
    auditor = await web.user(place.company_id, Role.AUDITOR)

    shown = await web.ask(SHOWN, auditor, id=encode("Account", books.account_id))

    # 36 in 165 hours, and nothing was heard for 18.
    assert shown.data["node"] == {
        "segment": "CREDIT",
        "balance": {
            "amount": "6.000000",
            "asOf": "2026-03-17T18:00:00+00:00",
            "freshness": {"ageSeconds": 64_800, "isStale": True},
        },
        "forecast": {"dailyUse": "5.236363", "projectedBalance": "2.072728"},
    }

"""Credit that buys itself with a saved card, and cards that say no."""

from decimal import Decimal
from typing import Any

from db.ids import SavedCardId
from domain.topups import automatic
from tests.topups.shop import Shop

D = Decimal


def refuse(shop: Shop, outcome: str = "declined") -> None:
    for method in shop.twin.world.all("payment_method"):
        method["metadata"]["twin"] = outcome


async def let(shop: Shop, card_id: SavedCardId, **changes: Any) -> int:
    asked = {"threshold": D(30), "amount": D(50), "active": True, "expected_version": None}
    return await automatic.set_automatic(
        company_id=shop.place.company_id,
        account_id=shop.account_id,
        card_id=card_id,
        **{**asked, **changes},
    )


async def buy(shop: Shop) -> int:
    bought = await automatic.buy_due(gateways=shop.gateways, now=shop.now)
    await shop.hear()
    return bought

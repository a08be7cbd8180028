"""What an account says that it needs is what really ends its warning when it is paid."""

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.accounts.queries import Standing, standings
from domain.companies import settings
from domain.listing import Wall
from domain.money import major
from tests.topups.shop import Shop

D = Decimal


async def standing(shop: Shop) -> Standing:
    wall = Wall(lambda _: "true", {"company": shop.place.company_id, "now": shop.now})
    async with shop.tenant() as connection:
        return (await standings(connection, [shop.account_id], wall=wall))[shop.account_id]


async def needed(shop: Shop) -> Decimal:
    needed_micro = (await standing(shop)).smallest_top_up_micro
    assert needed_micro is not None
    return major(needed_micro)


async def agree(shop: Shop, **changes: object) -> None:
    await settings.update(company_id=shop.place.company_id, expected_version=1, changes=changes)


@pytest.mark.parametrize("coins_less", [0, 1])
async def test_it_is_enough_and_a_coin_less_is_not(shop: Shop, coins_less: int) -> None:
    await shop.owe(DEBT="100", CREDIT="7.5", EMERGENCY_CREDIT="4")
    await agree(
        shop,
        warning_limit=D(20),
        reconnect_limit=D(10),
        debt_share_percent=D(10),
        debt_share_cap=D(5),
        debt_share_period="WEEK",
    )
    # Monday: it takes 3 of the week's 5.
    shop.move(timedelta(days=5))
    await shop.paid("30")
    await shop.owe(CREDIT="30")
    amount = await needed(shop)

    await shop.paid(str(amount - coins_less * D("0.01")))

    after = await standing(shop)
    # From -14.50 to above 10, and the 2 that are left of the week's share.
    assert amount == D("26.51")
    assert (after.balance > 10) is (coins_less == 0)
    assert after.debt == D(95)


async def test_in_the_next_period_the_share_is_taken_anew(shop: Shop) -> None:
    await shop.owe(DEBT="100")
    share = {"debt_share_percent": D(50), "debt_share_cap": D(5), "debt_share_period": "DAY"}
    await agree(shop, **share, warning_limit=D(20), reconnect_limit=D(10))
    await shop.paid("10")
    await shop.owe(CREDIT="5")
    today = await needed(shop)

    # To midnight in Istanbul.
    shop.move(timedelta(hours=9) - timedelta(seconds=1))
    still = await needed(shop)
    shop.move(timedelta(seconds=1))

    assert (today, still, await needed(shop)) == (D("10.01"), D("10.01"), D("15.01"))

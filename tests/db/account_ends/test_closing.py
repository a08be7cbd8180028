"""An account ends: charged to its final indexes, settled, and its points free at once."""

from decimal import Decimal

from db.enums import RefundWay
from domain.ledger.queries import balance_of
from tests.db.account_ends.ending import books_agree, close, owed, sides, top_up
from tests.db.account_ends.mistaken import own
from tests.db.exchanges import HOUR, PRICE, store
from tests.factories import NOW, Place, account_of, add_supply, open_account


async def test_what_is_left_is_paid_out_after_the_final_charge(place: Place) -> None:
    await top_up(place, 100)
    await store(place, (place.supplies[0], 8, 3_000))

    await close(place)

    assert await balance_of(company_id=place.company_id, account_id=account_of(place)) == 0
    await books_agree(place)
    assert await sides(place) == {
        "CASH": Decimal(-5 * PRICE),
        "CREDIT": Decimal(0),
        "REVENUE": 5 * PRICE,
    }


async def test_what_lacks_is_claimed_as_debt(place: Place) -> None:
    await close(place, refund_by=RefundWay.BANK)

    assert await balance_of(company_id=place.company_id, account_id=account_of(place)) == 0
    assert await owed(account_of(place)) == 5 * PRICE
    await books_agree(place)


async def test_energy_after_the_end_is_charged_to_nobody_without_an_owner(place: Place) -> None:
    await close(place)
    await store(place, (place.supplies[0], 1, 9_000))

    assert await owed(account_of(place)) == 5 * PRICE
    assert await balance_of(company_id=place.company_id, account_id=account_of(place)) == 0


async def test_premises_are_free_at_once(place: Place) -> None:
    supply = place.supplies[0]
    await close(place)

    taken = await open_account(
        place, {supply.point_id: 6_000}, supply.premises_id, opened_at=NOW - 2 * HOUR
    )
    await store(place, (supply, 1, 9_000))

    assert await balance_of(company_id=place.company_id, account_id=taken) == -3 * PRICE
    await books_agree(place)


async def test_the_owner_pays_between_two_subscribers(place: Place) -> None:
    supply = place.supplies[0]
    owner = account_of(place, place.supplies.index(await add_supply(place)))
    await own(place, owner)

    await close(place)
    await store(place, (supply, 4, 6_000))
    taken = await open_account(
        place, {supply.point_id: 7_000}, supply.premises_id, opened_at=NOW - 2 * HOUR
    )
    await store(place, (supply, 1, 9_000))

    assert await owed(account_of(place)) == 5 * PRICE
    assert await balance_of(company_id=place.company_id, account_id=owner) == -2 * PRICE
    assert await balance_of(company_id=place.company_id, account_id=taken) == -2 * PRICE
    await books_agree(place)

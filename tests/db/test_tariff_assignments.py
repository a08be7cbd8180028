"""For whom tariffs hold, and from when."""

import pytest

from db import access
from db.enums import BillingBasis
from db.ids import AccountId
from domain.accounts.operations import NoTariffAssigned
from domain.readings import operations as readings
from domain.refusals import InvalidValue, NotThere, Refused
from domain.tariffs import assignments
from domain.tariffs import operations as tariffs
from domain.tariffs.assignments import NoPriceThen, Whom
from domain.tariffs.operations import PriceInThePast
from tests.db.tariffs import DAY, account_without_tariff, assign, periods, tariff
from tests.factories import (
    NOW,
    Place,
    account_of,
    add_supply,
    make_read,
    make_register_set,
    open_account,
)


async def test_the_most_specific_assignment_wins(place: Place) -> None:
    account_id = await account_without_tariff(place)
    everybody, branch, group, own = [
        await tariff(place, name) for name in ("everybody", "branch", "group", "own")
    ]
    await assign(place, own, Whom(account_ids=[account_id]), day=4, until=5)
    await assign(place, group, Whom(account_ids=[account_id], group="shops"), day=3, until=6)
    await assign(place, branch, Whom(branch_id=place.branch_id), day=2, until=7)
    await assign(place, everybody, Whom(), day=1)

    assert await periods(place, account_id) == [
        ("everybody", 1, 2),
        ("branch", 2, 3),
        ("group", 3, 4),
        ("own", 4, 5),
        ("group", 5, 6),
        ("branch", 6, 7),
        ("everybody", 7, None),
    ]


async def test_of_equals_the_one_that_begins_last_wins(place: Place) -> None:
    account_id = await account_without_tariff(place)
    first, second = await tariff(place, "first"), await tariff(place, "second")
    await assign(place, second, Whom(), day=2)
    await assign(place, first, Whom(), day=1)

    assert await periods(place, account_id) == [("first", 1, 2), ("second", 2, None)]


async def test_what_was_agreed_holds_until_the_account_itself_gets_another(place: Place) -> None:
    account_id = account_of(place)
    await assign(place, await tariff(place, "everybody"), Whom(), day=1)
    await assign(place, await tariff(place, "own"), Whom(account_ids=[account_id]), day=2)

    found = await periods(place, account_id)

    assert [(name, ends) for name, _, ends in found] == [("Standard", 2), ("own", None)]


@pytest.mark.parametrize(
    ("whom", "day", "basis", "refusal"),
    [
        pytest.param(Whom(), 0, BillingBasis.TOTAL_REGISTER, PriceInThePast, id="in the past"),
        pytest.param(
            Whom(account_ids=[AccountId(1), AccountId(2)]),
            1,
            BillingBasis.TOTAL_REGISTER,
            InvalidValue,
            id="several without a name",
        ),
        pytest.param(
            Whom(group="nobody"), 1, BillingBasis.TOTAL_REGISTER, InvalidValue, id="empty group"
        ),
        pytest.param(
            Whom(account_ids=[AccountId(1)], group="strangers"),
            1,
            BillingBasis.TOTAL_REGISTER,
            NotThere,
            id="no such account",
        ),
    ],
)
async def test_a_refused_assignment_changes_nothing(
    place: Place, whom: Whom, day: int, basis: BillingBasis, refusal: type[Refused]
) -> None:
    with pytest.raises(refusal):
        await assignments.assign(
            company_id=place.company_id,
            tariff_id=place.tariff_id,
            whom=whom,
            starts_at=NOW + day * DAY,
            basis=basis,
            now=NOW,
        )

    async with access.tenant(place.company_id) as connection:
        assert await connection.fetchval("select count(*) from tariff_assignment") == 0


async def test_a_tariff_without_prices_is_not_assigned(place: Place) -> None:
    empty = await tariffs.create_empty(company_id=place.company_id, name="Empty")

    with pytest.raises(NoPriceThen):
        await assign(place, empty, Whom())

    async with access.tenant(place.company_id) as connection:
        assert await connection.fetchval("select count(*) from tariff_assignment") == 0


@pytest.mark.usefixtures("room")
async def test_energy_after_an_assignment_is_charged_by_its_tariff(place: Place) -> None:
    registers = await make_register_set(place.company_id)
    cheap, dear = await tariff(place, "cheap"), await tariff(place, "dear", price=3)
    await assign(place, cheap, Whom(account_ids=own(place), group="shops"), day=-3)
    await assign(place, cheap, Whom(account_ids=own(place)), day=-3)
    await assign(place, dear, Whom(account_ids=own(place)), day=-1)

    charged = []
    for day, index_wh in ((-4, 1000), (-3, 2000), (-2, 4000), (0, 8000)):
        at = NOW + day * DAY
        async with access.system() as connection:
            read = make_read(place, registers, at, index_wh)
            await readings.store(connection, [read], now=at)
            charged.append(
                await connection.fetchval(
                    "select coalesce(sum(charged_micro), 0)::int8 from accrual"
                )
            )

    # Each one at 2.345678901, two at 1; then four, half of them at 1 and half at 3, by the clock.
    assert charged == [2_345_679, 4_691_358, 6_691_358, 14_691_358]


def own(place: Place) -> list[AccountId]:
    return [account_of(place)]


async def test_an_account_may_take_what_is_assigned(place: Place) -> None:
    supply = await add_supply(place, with_account=False)
    await assign(place, await tariff(place, "branch"), Whom(branch_id=place.branch_id), day=-3)
    place.tariff_id = None  # type: ignore[assignment] # an account need not name one

    account_id = await open_account(place, {supply.point_id: 0}, supply.premises_id, opened_at=NOW)

    assert await periods(place, account_id) == [("branch", -3, None)]


async def test_an_account_without_any_tariff_is_not_opened(place: Place) -> None:
    supply = await add_supply(place, with_account=False)
    await assign(place, place.tariff_id, Whom(), day=1)
    place.tariff_id = None  # type: ignore[assignment] # an account need not name one

    with pytest.raises(NoTariffAssigned):
        await open_account(place, {supply.point_id: 0}, supply.premises_id, opened_at=NOW)

    async with access.tenant(place.company_id) as connection:
        assert await connection.fetchval("select count(*) from account") == 1

"""Slabs and months as a whole where others pay for energy below: refused, whichever is last."""

from datetime import timedelta
from decimal import Decimal

import pytest

from db.enums import ComponentKind, SlabPeriod
from db.ids import TariffId
from domain.tariffs import assignments, proposals
from domain.tariffs.assignments import Whom
from domain.tariffs.components import Component, Flat, Slab, Slabs, Version
from domain.tariffs.deductible import NotDeductible
from tests.db.month_charges.exporting import NETTED
from tests.db.stored_readings import HOUR, fetch
from tests.db.submetered import flat_tariff, open_mall, put_below, tariff_of
from tests.factories import NOW, Place, add_supply, open_account

SLABS = Version(
    components=(
        Component(
            name="Energy",
            kind=ComponentKind.ENERGY,
            shape=Slabs(SlabPeriod.MONTH, (Slab(Decimal(100), Decimal(1)), Slab(None, Decimal(2)))),
        ),
    )
)


BY_MONTH = Version(
    components=(
        Component(
            name="Demand",
            kind=ComponentKind.DEMAND,
            shape=Flat(Decimal(10)),
            register="1.6.0",
        ),
    )
)


@pytest.fixture(params=[SLABS, BY_MONTH, NETTED], ids=["slabs", "a month's peak", "netting"])
async def slabs(place: Place, request: pytest.FixtureRequest) -> TariffId:
    return await tariff_of(place, request.param)


async def test_an_account_with_slabs_does_not_open_above_a_submeter(
    place: Place, slabs: TariffId
) -> None:
    mall = await add_supply(place, with_account=False)
    await add_supply(place, parent_id=mall.point_id)
    accounts = await fetch("select id from account order by id")

    with pytest.raises(NotDeductible) as refused:
        await open_mall(place, mall, tariff_id=slabs)

    assert refused.value.facts == {"point": await _code(mall.point_id)}
    assert await fetch("select id from account order by id") == accounts


async def test_a_submeters_account_does_not_open_below_slabs(place: Place, slabs: TariffId) -> None:
    mall = await add_supply(place, with_account=False)
    await open_mall(place, mall, tariff_id=slabs)
    vacant = await add_supply(place, with_account=False, parent_id=mall.point_id)
    accounts = await fetch("select id from account order by id")

    with pytest.raises(NotDeductible):
        await open_account(place, {vacant.point_id: 0}, vacant.premises_id, opened_at=NOW)

    assert await fetch("select id from account order by id") == accounts


async def test_a_point_that_is_paid_for_is_not_put_below_slabs(
    place: Place, slabs: TariffId
) -> None:
    mall = await add_supply(place, with_account=False)
    await open_mall(place, mall, tariff_id=slabs)
    feeder = await add_supply(place, with_account=False)
    await add_supply(place, parent_id=feeder.point_id)
    parents = await fetch("select point_id, parent_id from point_parent")

    with pytest.raises(NotDeductible) as refused:
        await put_below(place, feeder, mall.point_id)

    assert refused.value.path == ("parent_id",)
    assert await fetch("select point_id, parent_id from point_parent") == parents


@pytest.mark.parametrize("to_account", [True, False], ids=["to the account", "to the company"])
async def test_slabs_are_not_assigned_above_a_submeter(
    place: Place, slabs: TariffId, to_account: bool
) -> None:
    mall = await add_supply(place)
    await add_supply(place, parent_id=mall.point_id)
    assert mall.account_id is not None
    if not to_account:
        # What was agreed when an account was opened would come before the company's tariff.
        await fetch("update account set tariff_id = null returning id")

    with pytest.raises(NotDeductible):
        await assignments.assign(
            company_id=place.company_id,
            tariff_id=slabs,
            whom=Whom(account_ids=[mall.account_id] if to_account else ()),
            starts_at=NOW + HOUR,
            now=NOW,
        )

    assert await fetch("select id from tariff_assignment") == []


async def test_slabs_may_be_assigned_to_a_submeter(place: Place, slabs: TariffId) -> None:
    mall = await add_supply(place)
    shop = await add_supply(place, parent_id=mall.point_id)
    assert shop.account_id is not None

    await assignments.assign(
        company_id=place.company_id,
        tariff_id=slabs,
        whom=Whom(account_ids=[shop.account_id]),
        starts_at=NOW + HOUR,
        now=NOW,
    )

    assert len(await fetch("select id from tariff_assignment")) == 1


async def test_a_version_with_slabs_is_not_approved_where_it_holds_above_a_submeter(
    place: Place,
) -> None:
    mall = await add_supply(place, with_account=False)
    tariff_id = await flat_tariff(place, Decimal(2))
    await open_mall(place, mall, tariff_id=tariff_id)
    await add_supply(place, parent_id=mall.point_id)
    version_id = await proposals.propose(
        company_id=place.company_id,
        tariff_id=tariff_id,
        version=SLABS,
        valid_from=NOW + timedelta(days=1),
        by=None,
        now=NOW,
    )

    with pytest.raises(NotDeductible):
        await proposals.approve(
            company_id=place.company_id, version_id=version_id, by=None, now=NOW
        )

    assert await fetch("select state from tariff_version where id = $1", version_id) == [
        {"state": "DRAFT"}
    ]


async def _code(point_id: int) -> str:
    (row,) = await fetch("select code from metering_point where id = $1", point_id)
    return str(row["code"])

"""What other registers than the total count is not shared out: refused, whichever comes last."""

from decimal import Decimal

import pytest

from db.enums import ComponentKind, EnergyDirection
from db.ids import TariffId
from domain.tariffs import assignments, proposals
from domain.tariffs.assignments import Whom
from domain.tariffs.components import Component, Flat, Version
from domain.tariffs.deductible import RegistersShared
from tests.db.month_charges.exporting import NETTED
from tests.db.shared_supplies.sharing import HALVES, add_tenant, payers, share, shared_supply
from tests.db.stored_readings import HOUR, fetch
from tests.db.submetered import tariff_of
from tests.factories import NOW, Place, add_supply

SOLD = Component(
    name="Sold",
    kind=ComponentKind.ENERGY,
    shape=Flat(Decimal("0.9")),
    direction=EnergyDirection.EXPORT,
    register="2.8.0",
)
BOUGHT = Component(name="Bought", kind=ComponentKind.ENERGY, shape=Flat(Decimal(2)))
GRID = Component(name="Grid", kind=ComponentKind.DISTRIBUTION, shape=Flat(Decimal("0.1")))
PEAK = Component(name="Peak", kind=ComponentKind.DEMAND, shape=Flat(Decimal(10)), register="1.6.0")
WITH_EXPORT = Version(components=(BOUGHT, SOLD))
BY_MONTH = Version(components=(BOUGHT, PEAK))


@pytest.fixture(params=[WITH_EXPORT, BY_MONTH, NETTED], ids=["export", "a month's peak", "netting"])
async def other_registers(place: Place, request: pytest.FixtureRequest) -> TariffId:
    return await tariff_of(place, request.param)


async def test_who_has_prices_of_other_registers_shares_no_supply(
    place: Place, other_registers: TariffId
) -> None:
    supply = await add_supply(place, with_account=False)
    seller = await add_tenant(place, "SELLER", tariff_id=other_registers)
    other = await add_tenant(place, "OTHER")
    before = await payers(supply)

    with pytest.raises(RegistersShared) as refused:
        await share(place, supply, {seller: 500_000, other: 500_000})

    assert refused.value.path == ("shares",)
    assert await payers(supply) == before == []


async def test_such_prices_are_not_assigned_to_who_shares_a_supply(
    place: Place, other_registers: TariffId
) -> None:
    _, (first, _) = await shared_supply(place, HALVES)

    with pytest.raises(RegistersShared):
        await assignments.assign(
            company_id=place.company_id,
            tariff_id=other_registers,
            whom=Whom(account_ids=[first]),
            starts_at=NOW + HOUR,
            now=NOW,
        )

    assert await fetch("select id from tariff_assignment") == []


async def test_such_prices_are_not_approved_where_they_hold_for_a_shared_supply(
    place: Place,
) -> None:
    await shared_supply(place, HALVES)
    version_id = await proposals.propose(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        version=WITH_EXPORT,
        valid_from=NOW + 24 * HOUR,
        by=None,
        now=NOW,
    )

    with pytest.raises(RegistersShared):
        await proposals.approve(
            company_id=place.company_id, version_id=version_id, by=None, now=NOW
        )

    assert await fetch("select state from tariff_version where id = $1", version_id) == [
        {"state": "DRAFT"}
    ]


async def test_other_prices_of_the_total_may_be_shared(place: Place) -> None:
    _, (first, _) = await shared_supply(place, HALVES)
    tariff_id = await tariff_of(place, Version(components=(BOUGHT, GRID)))

    await assignments.assign(
        company_id=place.company_id,
        tariff_id=tariff_id,
        whom=Whom(account_ids=[first]),
        starts_at=NOW + HOUR,
        now=NOW,
    )

    assert len(await fetch("select id from tariff_assignment")) == 1

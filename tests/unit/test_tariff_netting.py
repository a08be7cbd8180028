"""What is netted is told by one register of each direction, and due once the month has ended."""

from dataclasses import replace
from decimal import Decimal

import pytest

from db.enums import ComponentKind, EnergyDirection, NettingPeriod
from domain.refusals import InvalidValue
from domain.tariffs.completeness import check
from domain.tariffs.components import Component, Flat, Netting, PerDay, Version
from domain.tariffs.presets import TR_REACTIVE, TR_TAXES
from tests.refusals import refusal

ONE = Flat(Decimal(1))
ENERGY = Component(name="Energy", kind=ComponentKind.ENERGY, shape=ONE)
GRID = Component(name="Grid", kind=ComponentKind.DISTRIBUTION, shape=ONE)
SOLD = Component(
    name="Sold",
    kind=ComponentKind.ENERGY,
    direction=EnergyDirection.EXPORT,
    register="2.8.0",
    shape=ONE,
)
PEAK = Component(name="Peak", kind=ComponentKind.DEMAND, shape=ONE, register="1.6.0")
COILS = Component(name="Coils", kind=ComponentKind.REACTIVE, shape=ONE, register="5.8.0")
STANDING = Component(
    name="Standing", kind=ComponentKind.FEE, shape=PerDay(Decimal(1)), register=None
)

ENERGY_AND_FEES = frozenset({ComponentKind.ENERGY, ComponentKind.FEE})


def version(*components: Component, on: frozenset[ComponentKind] | None = None) -> Version:
    netting = Netting(period=NettingPeriod.MONTH)
    if on is not None:
        netting = replace(netting, on=on)
    return Version(components=components, taxes=TR_TAXES, reactive=TR_REACTIVE, netting=netting)


@pytest.mark.parametrize(
    "its",
    [
        pytest.param(version(ENERGY, SOLD), id="energy"),
        pytest.param(version(ENERGY, SOLD, PEAK, COILS, GRID), id="others are not netted"),
        pytest.param(
            version(ENERGY, SOLD, STANDING, on=ENERGY_AND_FEES),
            id="a fixed charge is not netted",
        ),
        pytest.param(
            version(
                ENERGY,
                GRID,
                SOLD,
                on=frozenset({ComponentKind.ENERGY, ComponentKind.DISTRIBUTION}),
            ),
            id="the grid too",
        ),
    ],
)
def test_versions_that_can_be_netted(its: Version) -> None:
    assert refusal(lambda: check(its)) is None


@pytest.mark.parametrize(
    ("its", "direction"),
    [
        pytest.param(version(ENERGY), "EXPORT", id="nothing is credited"),
        pytest.param(version(SOLD), "IMPORT", id="nothing is charged"),
        pytest.param(version(ENERGY, SOLD, on=frozenset()), "IMPORT", id="no kind"),
        pytest.param(
            version(ENERGY, SOLD, on=frozenset({ComponentKind.DISTRIBUTION})),
            "IMPORT",
            id="no component of the kind",
        ),
        pytest.param(
            version(ENERGY, replace(ENERGY, name="Night", register="1.8.2"), SOLD),
            "IMPORT",
            id="a part of the import by itself",
        ),
        pytest.param(
            version(ENERGY, replace(SOLD, register="2.8.1")), "EXPORT", id="a part of the export"
        ),
        pytest.param(
            version(ENERGY, SOLD, PEAK, on=frozenset({ComponentKind.ENERGY, ComponentKind.DEMAND})),
            "IMPORT",
            id="a peak",
        ),
        pytest.param(
            version(
                ENERGY, SOLD, COILS, on=frozenset({ComponentKind.ENERGY, ComponentKind.REACTIVE})
            ),
            "IMPORT",
            id="reactive energy",
        ),
    ],
)
def test_versions_that_cannot_be_netted(its: Version, direction: str) -> None:
    refused = refusal(lambda: check(its, "prices"))

    assert isinstance(refused, InvalidValue)
    assert refused.path == ("prices", "netting", "on")
    assert str(refused.facts["expected"]).startswith(f"{direction}: components of these kinds")

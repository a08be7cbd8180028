"""What billing charges by, and what it refuses rather than charge it wrongly."""

from dataclasses import replace
from decimal import Decimal

import pytest

from db.enums import ComponentKind, EnergyDirection, SlabPeriod, TaxPoint
from domain.tariffs.chargeable import NotChargeable, check_bands, check_chargeable
from domain.tariffs.components import Component, Flat, PerDay, Slab, Slabs, TimeOfUse, Version
from domain.tariffs.presets import TR_TAXES, tr_time_of_use
from tests.refusals import refusal

ONE = Decimal(1)
ENERGY = Component(name="Energy", kind=ComponentKind.ENERGY, shape=Flat(ONE))
DEMAND = replace(ENERGY, name="Demand", kind=ComponentKind.DEMAND, register="1.6.0")
REACTIVE = replace(ENERGY, name="Reactive", kind=ComponentKind.REACTIVE, register="5.8.0")
SOLD = replace(ENERGY, name="Sold", direction=EnergyDirection.EXPORT, register="2.8.0")


@pytest.mark.parametrize(
    "component",
    [
        pytest.param(ENERGY, id="flat"),
        pytest.param(replace(ENERGY, shape=tr_time_of_use(ONE, ONE, ONE)), id="by hours"),
        pytest.param(
            replace(ENERGY, shape=Slabs(SlabPeriod.MONTH, (Slab(None, ONE),))), id="slabs"
        ),
        pytest.param(replace(ENERGY, shape=PerDay(ONE), register=None), id="by the day"),
        pytest.param(
            replace(ENERGY, kind=ComponentKind.DEMAND, shape=PerDay(ONE), register=None),
            id="agreed demand by the day",
        ),
        pytest.param(replace(ENERGY, register="1.8.1"), id="another register"),
        pytest.param(DEMAND, id="a month's peak"),
        pytest.param(REACTIVE, id="a month's reactive energy"),
        pytest.param(SOLD, id="export"),
        pytest.param(replace(SOLD, shape=tr_time_of_use(ONE, ONE, ONE)), id="export by hours"),
    ],
)
def test_what_registers_say_is_charged(component: Component) -> None:
    version = Version(components=(component,), taxes=TR_TAXES)

    assert refusal(lambda: check_chargeable(version)) is None


def test_meters_are_charged_by_their_registers() -> None:
    version = Version(components=(replace(ENERGY, shape=tr_time_of_use(ONE, ONE, ONE)),))

    assert refusal(lambda: check_bands(version)) is None


@pytest.mark.parametrize("register", [None, "1.8.0", "2.8.1", "1.8.1"])
def test_bands_need_registers_of_their_own(register: str | None) -> None:
    hours = tr_time_of_use(ONE, ONE, ONE)
    hours = TimeOfUse((*hours.bands[:2], replace(hours.bands[2], register=register)))

    with pytest.raises(NotChargeable) as refused:
        check_bands(Version(components=(ENERGY, replace(ENERGY, shape=hours))))

    assert refused.value.facts == {"part": "components.1.bands.2.register"}


@pytest.mark.parametrize(
    ("component", "part"),
    [
        pytest.param(
            replace(ENERGY, register="1.8.1", shape=Slabs(SlabPeriod.MONTH, (Slab(None, ONE),))),
            "components.0.register",
            id="slabs of a part",
        ),
        pytest.param(
            replace(ENERGY, direction=EnergyDirection.EXPORT),
            "components.0.direction",
            id="export of what is imported",
        ),
        pytest.param(
            replace(ENERGY, kind=ComponentKind.REACTIVE),
            "components.0.register",
            id="reactive energy of the active register",
        ),
        pytest.param(
            replace(REACTIVE, direction=EnergyDirection.EXPORT),
            "components.0.direction",
            id="reactive energy that is sold",
        ),
        pytest.param(
            replace(DEMAND, register="2.6.0"), "components.0.register", id="demand of what is sold"
        ),
        pytest.param(
            replace(DEMAND, register="1.7.0"), "components.0.register", id="demand of the moment"
        ),
    ],
)
def test_what_billing_does_not_know_is_refused(component: Component, part: str) -> None:
    with pytest.raises(NotChargeable) as refused:
        check_chargeable(Version(components=(component,)))

    assert refused.value.facts == {"part": part}


def test_prices_of_reactive_energy_are_of_the_same_energy() -> None:
    other = replace(REACTIVE, name="Capacitive", register="8.8.0")

    with pytest.raises(NotChargeable) as refused:
        check_chargeable(Version(components=(REACTIVE, other)))

    assert refused.value.facts == {"part": "components.1.register"}


def test_what_is_earned_is_refused_where_credit_is_taxed_when_it_is_bought() -> None:
    taxed = Version(components=(ENERGY, SOLD), taxes=TR_TAXES, tax_point=TaxPoint.TOP_UP)

    with pytest.raises(NotChargeable) as refused:
        check_chargeable(taxed)

    assert refused.value.facts == {"part": "components.1.direction"}

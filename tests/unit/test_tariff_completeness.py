"""Versions whose parts do not fit together are refused, by the first part that does not."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from db.enums import ComponentKind, EnergyDirection, SlabPeriod, TariffDay, TaxPoint
from domain.refusals import InvalidValue
from domain.tariffs.completeness import check
from domain.tariffs.components import (
    Band,
    Component,
    Flat,
    PerDay,
    Shape,
    Slab,
    Slabs,
    Tax,
    TimeOfUse,
    Version,
    Window,
)
from domain.tariffs.presets import EVERY_DAY, TR_REACTIVE, TR_TAXES, tr_time_of_use
from domain.tariffs.reactive import LimitClass
from tests.refusals import refusal

ONE = Decimal(1)
ENERGY = Component(name="Energy", kind=ComponentKind.ENERGY, shape=Flat(ONE))
GRID = Component(name="Grid", kind=ComponentKind.DISTRIBUTION, shape=Flat(ONE))
REACTIVE = Component(
    name="Reactive", kind=ComponentKind.REACTIVE, shape=Flat(ONE), register="3.8.0"
)
WHOLE = Version(
    components=(
        replace(ENERGY, shape=tr_time_of_use(ONE, ONE, ONE)),
        GRID,
        Component(name="Standing", kind=ComponentKind.FEE, shape=PerDay(ONE), register=None),
        Component(name="Peak", kind=ComponentKind.DEMAND, shape=Flat(ONE), register="1.6.0"),
        REACTIVE,
    ),
    taxes=TR_TAXES,
    special_days=frozenset({date(2026, 10, 29)}),
    reactive=TR_REACTIVE,
)
VAT = Tax(name="VAT", rate=ONE, on=frozenset(ComponentKind))


def one(shape: Shape) -> Version:
    return Version(components=(replace(ENERGY, shape=shape),))


def hours(*windows: tuple[int, int], days: frozenset[TariffDay] = EVERY_DAY) -> Version:
    return one(TimeOfUse((Band("A", ONE, tuple(Window(days, *w) for w in windows)),)))


def slabs(*limits: int | None) -> Version:
    made = tuple(Slab(None if limit is None else Decimal(limit), ONE) for limit in limits)
    return one(Slabs(SlabPeriod.MONTH, made))


def reactive(*minima: int) -> Version:
    classes = tuple(LimitClass(Decimal(kva), Decimal("0.2"), Decimal("0.2")) for kva in minima)
    return replace(WHOLE, reactive=replace(TR_REACTIVE, classes=classes))


def test_a_whole_version_is_accepted() -> None:
    assert refusal(lambda: check(WHOLE)) is None


@pytest.mark.parametrize(
    ("version", "path"),
    [
        pytest.param(Version(components=()), "components", id="nothing to pay for"),
        pytest.param(Version(components=(ENERGY,) * 21), "components", id="too much"),
        pytest.param(Version(components=(ENERGY, ENERGY)), "components", id="same name"),
        pytest.param(one(Flat(Decimal(-1))), "components.0.price", id="negative price"),
        pytest.param(one(Flat(Decimal("NaN"))), "components.0.price", id="no number"),
        pytest.param(one(Flat(Decimal("1e-10"))), "components.0.price", id="too fine"),
        pytest.param(one(PerDay(ONE)), "components.0.register", id="a day has no register"),
        pytest.param(
            Version(components=(replace(ENERGY, register=None),)),
            "components.0.register",
            id="energy without a register",
        ),
        pytest.param(
            Version(components=(replace(ENERGY, register="1.6.0"),)),
            "components.0.register",
            id="a peak is no energy",
        ),
        pytest.param(
            Version(components=(replace(WHOLE.components[3], register="1.8.0"),)),
            "components.0.register",
            id="energy is no peak",
        ),
        pytest.param(
            Version(components=(replace(WHOLE.components[2], direction=EnergyDirection.EXPORT),)),
            "components.0.direction",
            id="a day is not exported",
        ),
        pytest.param(Version(components=(REACTIVE,)), "reactive", id="reactive without limits"),
        pytest.param(
            replace(
                WHOLE,
                components=(replace(REACTIVE, shape=tr_time_of_use(ONE, ONE, ONE)),),
            ),
            "components.0.shape",
            id="reactive by the hour",
        ),
        pytest.param(hours((0, 720)), "components.0.bands", id="half a day"),
        pytest.param(hours((0, 800), (720, 1440)), "components.0.bands", id="twice at noon"),
        pytest.param(hours((60, 30)), "components.0.bands", id="a gap at night"),
        pytest.param(hours((-1, 1440)), "components.0.bands", id="no hour"),
        pytest.param(
            hours((0, 1440), days=EVERY_DAY - {TariffDay.SPECIAL}),
            "components.0.bands",
            id="no special days",
        ),
        pytest.param(one(TimeOfUse(())), "components.0.bands", id="no bands"),
        pytest.param(slabs(), "components.0.slabs", id="no slabs"),
        pytest.param(slabs(10), "components.0.slabs", id="an end of consumption"),
        pytest.param(slabs(10, 10, None), "components.0.slabs", id="an empty slab"),
        pytest.param(slabs(20, 10, None), "components.0.slabs", id="falling limits"),
        pytest.param(slabs(None, None), "components.0.slabs", id="two last slabs"),
        pytest.param(
            Version(components=(ENERGY,), taxes=(VAT, VAT)), "taxes", id="the same tax twice"
        ),
        pytest.param(
            Version(components=(ENERGY,), taxes=tuple(reversed(TR_TAXES))),
            "taxes.0.on_taxes",
            id="a tax on a later one",
        ),
        pytest.param(
            Version(components=(ENERGY,), taxes=(replace(VAT, rate=Decimal(-1)),)),
            "taxes.0.rate",
            id="a negative tax",
        ),
        pytest.param(
            Version(components=(ENERGY,), taxes=(replace(VAT, on=frozenset()),)),
            "taxes.0.on",
            id="a tax on nothing",
        ),
        pytest.param(
            Version(components=(ENERGY, GRID), taxes=TR_TAXES, tax_point=TaxPoint.TOP_UP),
            "tax_point",
            id="taxes by use when credit is bought",
        ),
        pytest.param(reactive(), "reactive.classes", id="no classes"),
        pytest.param(reactive(10), "reactive.classes", id="small powers forgotten"),
        pytest.param(reactive(0, 50, 50), "reactive.classes", id="a class twice"),
    ],
)
def test_parts_that_do_not_fit_are_refused(version: Version, path: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        check(version)

    assert ".".join(refused.value.path) == path

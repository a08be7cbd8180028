"""Versions come back from JSON as they were written."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from db.enums import ComponentKind, NettingPeriod, SlabPeriod
from domain.tariffs.components import (
    Component,
    Netting,
    PerDay,
    Shape,
    Slab,
    Slabs,
    Version,
    flat,
)
from domain.tariffs.definitions import read, written
from domain.tariffs.presets import TR_REACTIVE, TR_TAXES, tr_time_of_use


def one(shape: Shape) -> Version:
    component = Component(name="Energy", kind=ComponentKind.ENERGY, shape=shape)
    return Version(components=(component,), taxes=TR_TAXES, reactive=TR_REACTIVE)


@pytest.mark.parametrize(
    "version",
    [
        pytest.param(flat(Decimal("2.345678901")), id="flat"),
        pytest.param(one(tr_time_of_use(Decimal(1), Decimal(2), Decimal("3.10"))), id="by hours"),
        pytest.param(
            one(
                Slabs(SlabPeriod.YEAR, (Slab(Decimal("240.5"), Decimal(1)), Slab(None, Decimal(2))))
            ),
            id="slabs",
        ),
        pytest.param(one(PerDay(Decimal("0.000000001"))), id="by the day"),
        pytest.param(
            replace(
                flat(Decimal(1)),
                netting=Netting(
                    period=NettingPeriod.HOUR,
                    on=frozenset({ComponentKind.FEE, ComponentKind.ENERGY}),
                ),
            ),
            id="netted",
        ),
    ],
)
def test_what_is_written_is_read(version: Version) -> None:
    assert read(json.loads(json.dumps(written(version)))) == version


def test_versions_from_before_there_was_netting_net_nothing() -> None:
    said = {name: part for name, part in written(flat(Decimal(1))).items() if name != "netting"}

    assert read(said) == flat(Decimal(1))

"""Worked numbers for taxes, on what they are and when they fall due."""

from decimal import Decimal

import pytest

from db.enums import ComponentKind, TaxPoint
from domain.tariffs.components import Component, Flat, Tax, Version
from domain.tariffs.courses import Course
from domain.tariffs.lines import TaxAmount, TaxesDiffer, taxes_in_top_up
from domain.tariffs.presets import TR_TAXES
from domain.tariffs.pricing import lines
from tests.unit.tariff_terms import ISTANBUL, energy, marks, terms


def test_energy_tax_is_on_energy_alone_and_vat_on_all_and_on_it() -> None:
    version = Version(
        components=(
            energy(Flat(Decimal(2))),
            Component(name="Grid", kind=ComponentKind.DISTRIBUTION, shape=Flat(Decimal(1))),
        ),
        taxes=TR_TAXES,
    )

    made = lines(terms(version), {"1.8.0": Course(marks=marks((0, 0), (24, 10_000)))}, ISTANBUL)

    assert [(one.component, one.amount_micro, one.taxes, one.gross_micro) for one in made] == [
        (
            "Energy",
            20_000_000,
            (TaxAmount("BTV", 1_000_000), TaxAmount("VAT", 4_200_000)),
            25_200_000,
        ),
        ("Grid", 10_000_000, (TaxAmount("VAT", 2_000_000),), 12_000_000),
    ]


def test_the_exempt_pay_no_tax() -> None:
    tax = Tax(
        name="VAT",
        rate=Decimal("0.2"),
        on=frozenset(ComponentKind),
        exempt=frozenset({"EMBASSY"}),
    )
    version = Version(components=(energy(Flat(Decimal(1))),), taxes=(tax,))
    course = {"1.8.0": Course(marks=marks((0, 0), (24, 1000)))}

    taxes = [
        [one.tax_micro for one in lines(terms(version, category=category), course, ISTANBUL)]
        for category in (None, "EMBASSY")
    ]

    assert taxes == [[200_000], [0]]


@pytest.mark.parametrize(
    ("point", "at_top_up"),
    [
        pytest.param(TaxPoint.TOP_UP, [5_000_000, 21_000_000], id="bought"),
        pytest.param(TaxPoint.CONSUMPTION, [], id="consumed"),
    ],
)
def test_taxes_fall_due_with_the_top_up_where_the_tariff_says_so(
    point: TaxPoint, at_top_up: list[int]
) -> None:
    version = Version(components=(energy(Flat(Decimal(1))),), taxes=TR_TAXES, tax_point=point)

    bought, taken = (taxes_in_top_up(version, micro) for micro in (126_000_000, -126_000_000))

    assert [tax.amount_micro for tax in bought] == at_top_up
    assert [tax.amount_micro for tax in taken] == [-micro for micro in at_top_up]


@pytest.mark.parametrize("gross_micro", [1, 2, 7, 99, 1_000_001, 123_456_789])
def test_taxes_in_a_top_up_are_rounded_once_together(gross_micro: int) -> None:
    version = Version(
        components=(energy(Flat(Decimal(1))),), taxes=TR_TAXES, tax_point=TaxPoint.TOP_UP
    )

    taxes = taxes_in_top_up(version, gross_micro)

    net_micro = gross_micro - sum(tax.amount_micro for tax in taxes)
    assert net_micro == int(Decimal(gross_micro) / Decimal("1.26") + Decimal("0.5"))


def test_what_is_taxed_by_its_use_cannot_be_taxed_when_credit_is_bought() -> None:
    version = Version(
        components=(
            energy(Flat(Decimal(2))),
            Component(name="Grid", kind=ComponentKind.DISTRIBUTION, shape=Flat(Decimal(1))),
        ),
        taxes=TR_TAXES,
        tax_point=TaxPoint.TOP_UP,
    )

    with pytest.raises(TaxesDiffer):
        taxes_in_top_up(version, 1_000_000)

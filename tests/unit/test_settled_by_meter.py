"""What is settled late of demand and reactive energy, by the meters that told it."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from db.enums import InvoiceLineKind, LineUnit
from db.ids import MeterId
from domain.invoices.late import differences
from domain.invoices.rules import Index, InvoiceLine, Metered, Priced
from tests.unit.invoices import ENDS_AT, FEBRUARY, STARTS_AT

NOBODY = ""
CHANGED_AT = STARTS_AT + timedelta(days=10)
Told = tuple[str, str]
"""A meter's serial, or nobody's, and how many kW or kvarh, at a price of 2."""


def of(told: Sequence[Told], unit: LineUnit) -> list[InvoiceLine]:
    return [
        InvoiceLine(
            kind=InvoiceLineKind.DEMAND if unit is LineUnit.KW else InvoiceLineKind.REACTIVE,
            amount=2 * Decimal(quantity),
            energy_month=FEBRUARY,
            metered=_metered(serial, unit) if serial else None,
            priced=Priced(quantity=Decimal(quantity), unit=unit, price=Decimal(2)),
        )
        for serial, quantity in told
    ]


def _metered(serial: str, unit: LineUnit) -> Metered:
    return Metered(
        meter_id=MeterId(ord(serial)),
        serial=serial,
        multiplier=Decimal(40),
        first=None if unit is LineUnit.KW else Index(STARTS_AT, 0),
        last=Index(ENDS_AT, 1000),
    )


@pytest.mark.parametrize("unit", [LineUnit.KW, LineUnit.KVARH])
@pytest.mark.parametrize(
    ("known", "told", "settled"),
    [
        pytest.param([("A", "5")], [("A", "5")], [], id="nothing"),
        pytest.param([("A", "7.5")], [("A", "5")], [("A", "2.5")], id="more of the same meter"),
        pytest.param([], [("A", "5")], [("A", "-5")], id="not due any more"),
        pytest.param([("B", "7")], [("A", "5")], [("B", "7"), ("A", "-5")], id="of another meter"),
        pytest.param(
            [("A", "5"), ("B", "7")],
            [("A", "5"), ("B", "6"), ("B", "2")],
            [("B", "-1")],
            id="of one of two meters",
        ),
        pytest.param([("A", "7")], [(NOBODY, "5")], [("A", "2")], id="told of nobody's"),
        pytest.param([(NOBODY, "7")], [("A", "5")], [(NOBODY, "2")], id="nobody's by now"),
        pytest.param(
            [("A", "5"), ("B", "7")],
            [(NOBODY, "10")],
            [(NOBODY, "2")],
            id="of two that were nobody's",
        ),
        pytest.param(
            [("A", "5"), ("B", "7")],
            [("A", "5"), (NOBODY, "5")],
            [(NOBODY, "2")],
            id="in part nobody's",
        ),
        pytest.param([], [("A", "5"), (NOBODY, "5")], [(NOBODY, "-10")], id="all of it taken back"),
    ],
)
def test_differences(
    known: list[Told], told: list[Told], settled: list[Told], unit: LineUnit
) -> None:
    made = differences(of(known, unit), of(told, unit), FEBRUARY)

    assert [
        (one.metered.serial if one.metered else NOBODY, f"{one.priced.quantity:f}")
        for one in made
        if one.priced
    ] == settled
    for one in made:
        assert one.kind is InvoiceLineKind.SETTLEMENT
        assert one.priced is not None
        assert one.amount == 2 * one.priced.quantity
        if one.metered is not None:
            assert one.metered == _metered(one.metered.serial, unit)


def test_energy_is_settled_between_the_ends_of_all_that_was_told() -> None:
    first, last = (
        Metered(
            meter_id=MeterId(7),
            serial="A",
            multiplier=Decimal(1),
            first=Index(starts_at, shown),
            last=Index(ends_at, shown + 1000),
        )
        for starts_at, ends_at, shown in (
            (STARTS_AT, CHANGED_AT, 0),
            (CHANGED_AT, ENDS_AT, 1000),
        )
    )
    known = [
        InvoiceLine(
            kind=InvoiceLineKind.REACTIVE,
            amount=Decimal(2),
            energy_month=FEBRUARY,
            metered=metered,
            priced=Priced(quantity=Decimal(1), unit=LineUnit.KVARH, price=Decimal(2)),
        )
        for metered in (last, first)
    ]

    (made,) = differences(known, [], FEBRUARY)

    assert made.metered == Metered(
        meter_id=MeterId(7),
        serial="A",
        multiplier=Decimal(1),
        first=Index(STARTS_AT, 0),
        last=Index(ENDS_AT, 2000),
    )
    assert made.amount == 4

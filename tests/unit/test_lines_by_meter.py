"""Lines of demand and reactive energy, by the meters that told them, to the last digit."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.enums import InvoiceLineKind, LineUnit
from db.ids import MeterId
from domain.invoices.rules import Index, InvoiceLine, Metered, Priced, TaxLine, taxes_together
from domain.month_charges.by_meter import Told
from domain.month_charges.energies import CAPACITIVE, INDUCTIVE, MeasuredBy, Shown
from domain.month_charges.peaks import ToldBy
from tests.unit.invoices import ENDS_AT, FEBRUARY, STARTS_AT

OLD, NEW = MeterId(7), MeterId(8)
SERIALS = {OLD: "OLD", NEW: "NEW"}
CHANGED_AT = STARTS_AT + timedelta(days=10)
PEAK = ToldBy(OLD, Decimal("1.5"), CHANGED_AT, 12_345)
MICRO = Decimal("0.000001")


def line(quantity: Decimal, unit: LineUnit, amount: Decimal, *rates: Decimal) -> InvoiceLine:
    kinds = {LineUnit.KW: InvoiceLineKind.DEMAND, LineUnit.KVARH: InvoiceLineKind.REACTIVE}
    return InvoiceLine(
        kind=kinds[unit],
        amount=amount,
        energy_month=FEBRUARY,
        priced=Priced(quantity=quantity, unit=unit, price=Decimal("0.5"), component="By the month"),
        taxes=tuple(
            TaxLine(f"Tax {rate}", rate, amount, (amount * rate).quantize(MICRO)) for rate in rates
        ),
    )


def measured(
    meter_id: MeterId, varh: tuple[int, int], *, multiplier: str = "1", register: str = INDUCTIVE
) -> MeasuredBy:
    is_old = meter_id == OLD
    at = (STARTS_AT, CHANGED_AT) if is_old else (CHANGED_AT, ENDS_AT)
    other = CAPACITIVE if register == INDUCTIVE else INDUCTIVE
    first, last = (
        Shown(one, {"1.8.0": 0, register: shown, other: 0})
        for one, shown in zip(at, varh, strict=True)
    )
    return MeasuredBy(meter_id, Decimal(multiplier), first, last)


def shares(lines: Sequence[InvoiceLine]) -> list[tuple[str | None, str | None, str]]:
    """Return of each line whose it is, how much it is of, and its amount."""
    return [
        (
            None if one.metered is None else one.metered.serial,
            None if one.priced is None else f"{one.priced.quantity.normalize():f}",
            str(one.amount),
        )
        for one in lines
    ]


REACTIVE = line(Decimal(300), LineUnit.KVARH, Decimal("150.000000"), Decimal("0.2"))
BOTH = (measured(OLD, (0, 200_000)), measured(NEW, (5_000, 105_000)))


@pytest.mark.parametrize(
    ("measured_by", "over", "expected"),
    [
        pytest.param(
            BOTH,
            [INDUCTIVE],
            [("OLD", "200", "100.000000"), ("NEW", "100", "50.000000")],
            id="an exchange",
        ),
        pytest.param(BOTH[::-1][:1], [INDUCTIVE], None, id="less than is charged"),
        pytest.param(
            [measured(OLD, (0, 300_000))],
            [INDUCTIVE],
            [("OLD", "300", "150.000000")],
            id="one meter",
        ),
        pytest.param(
            [measured(OLD, (7, 7)), measured(NEW, (0, 300_000))],
            [INDUCTIVE],
            [("OLD", "0", "0.000000"), ("NEW", "300", "150.000000")],
            id="a meter that counted nothing is named",
        ),
        pytest.param(
            [measured(OLD, (0, 66_667), multiplier="1.5"), measured(NEW, (0, 200_000))],
            [INDUCTIVE],
            [("OLD", "100", "50.000000"), ("NEW", "200", "100.000000")],
            id="whole varh of each",
        ),
        pytest.param(
            [measured(one.meter_id, (0, 150_000), register=CAPACITIVE) for one in BOTH],
            [INDUCTIVE, CAPACITIVE],
            [("OLD", "150", "75.000000"), ("NEW", "150", "75.000000")],
            id="the register that is charged",
        ),
        pytest.param(BOTH, [], None, id="nothing is over its limit"),
        pytest.param((), [INDUCTIVE], None, id="nobody kept it"),
        pytest.param(
            (BOTH[0], measured(MeterId(9), (0, 100_000))), [INDUCTIVE], None, id="unknown meter"
        ),
    ],
)
def test_reactive_energy_is_of_each_meter_that_counted_it(
    measured_by: Sequence[MeasuredBy],
    over: Sequence[str],
    expected: list[tuple[str | None, str | None, str]] | None,
) -> None:
    made = Told(measured_by=measured_by, over=over).lines(REACTIVE, SERIALS)

    assert shares(made) == (expected or [(None, "300", "150.000000")])


def test_each_line_tells_the_indexes_of_its_meter() -> None:
    old, new = Told(measured_by=BOTH, over=[INDUCTIVE]).lines(REACTIVE, SERIALS)

    assert old.metered == Metered(
        meter_id=OLD,
        serial="OLD",
        multiplier=Decimal(1),
        first=Index(STARTS_AT, 0),
        last=Index(CHANGED_AT, 200_000),
    )
    assert new.metered == Metered(
        meter_id=NEW,
        serial="NEW",
        multiplier=Decimal(1),
        first=Index(CHANGED_AT, 5_000),
        last=Index(ENDS_AT, 105_000),
    )


@given(
    varh=st.lists(st.integers(0, 10**9), min_size=1, max_size=5).filter(any),
    amount=st.integers(-(10**12), 10**12).map(lambda micro: micro * MICRO),
    rates=st.lists(st.sampled_from(["0.01", "0.05", "0.2"]), unique=True),
)
def test_the_parts_come_to_the_whole(varh: list[int], amount: Decimal, rates: list[str]) -> None:
    whole = line(Decimal(sum(varh)) / 1000, LineUnit.KVARH, amount, *map(Decimal, rates))
    measured_by = [measured(OLD, (0, one)) for one in varh]

    made = Told(measured_by=measured_by, over=[INDUCTIVE]).lines(whole, SERIALS)

    assert len(made) == len(varh)
    assert sum(one.amount for one in made) == amount
    assert sum(one.priced.quantity for one in made if one.priced) == Decimal(sum(varh)) / 1000
    assert taxes_together(tax for one in made for tax in one.taxes) == taxes_together(whole.taxes)
    for one in made:
        assert one.priced is not None
        exact = amount * one.priced.quantity * 1000 / sum(varh)
        assert abs(one.amount - exact) < MICRO


# 12,345 W behind transformers of 1.5 are 18,517.5 W, of which whole ones are charged.
@pytest.mark.parametrize(
    ("quantity", "serials", "is_named"),
    [
        pytest.param("18.517", SERIALS, True, id="the peak that is charged"),
        pytest.param("18.518", SERIALS, False, id="another peak"),
        pytest.param("18.517", {NEW: "NEW"}, False, id="unknown meter"),
    ],
)
def test_demand_is_of_the_meter_that_had_the_peak(
    quantity: str, serials: dict[MeterId, str], is_named: bool
) -> None:
    demand = line(Decimal(quantity), LineUnit.KW, Decimal("185.17"))

    (made,) = Told(peak=PEAK).lines(demand, serials)

    metered = Metered(
        meter_id=OLD,
        serial="OLD",
        multiplier=Decimal("1.5"),
        first=None,
        last=Index(CHANGED_AT, 12_345),
    )
    assert made == replace(demand, metered=metered if is_named else None)
    assert metered.energy_wh == Decimal("18517.5")


def test_demand_whose_meter_nobody_kept_stays_as_it_is() -> None:
    demand = line(Decimal("18.517"), LineUnit.KW, Decimal("185.17"))

    assert Told().lines(demand, SERIALS) == [demand]

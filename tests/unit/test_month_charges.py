"""What a revision charges more than those before, to the last digit."""

from decimal import Decimal

import pytest

from db.enums import ComponentKind, LedgerAccountKind, LineUnit
from db.ids import PointId
from domain.month_charges.charges import Amount, Charges, LineKey, Taxed, TaxKey, difference

DEMAND = LineKey(PointId(1), "Demand", ComponentKind.DEMAND, LineUnit.KW, Decimal(10))
REACTIVE = LineKey(PointId(1), "Reactive", ComponentKind.REACTIVE, LineUnit.KVARH, Decimal(2))
OF_DEMAND = TaxKey(DEMAND, LedgerAccountKind.TAX, "VAT", Decimal("0.2"))
OF_REACTIVE = OF_DEMAND._replace(line=REACTIVE)
BOTH = Charges(
    {DEMAND: Amount(Decimal(5), 50), REACTIVE: Amount(Decimal(3), 6)},
    {OF_DEMAND: Taxed(50, 10), OF_REACTIVE: Taxed(6, 1)},
)
ONLY_DEMAND = Charges({DEMAND: Amount(Decimal(5), 50)}, {OF_DEMAND: Taxed(50, 10)})


@pytest.mark.parametrize(
    ("due", "before", "owed"),
    [
        pytest.param(BOTH, Charges(), BOTH, id="all of it"),
        pytest.param(BOTH, BOTH, Charges(), id="nothing"),
        pytest.param(
            BOTH,
            ONLY_DEMAND,
            Charges({REACTIVE: Amount(Decimal(3), 6)}, {OF_REACTIVE: Taxed(6, 1)}),
            id="what was not charged yet",
        ),
        pytest.param(
            ONLY_DEMAND,
            BOTH,
            Charges({REACTIVE: Amount(Decimal(-3), -6)}, {OF_REACTIVE: Taxed(-6, -1)}),
            id="what was charged and is not due",
        ),
        pytest.param(
            Charges({DEMAND._replace(price=Decimal(11)): Amount(Decimal(5), 55)}, {}),
            Charges({DEMAND: Amount(Decimal(5), 50)}, {}),
            Charges(
                {
                    DEMAND._replace(price=Decimal(11)): Amount(Decimal(5), 55),
                    DEMAND: Amount(Decimal(-5), -50),
                },
                {},
            ),
            id="another price takes the first one back",
        ),
        pytest.param(
            Charges({DEMAND: Amount(Decimal(5), 50)}, {OF_DEMAND: Taxed(50, 11)}),
            ONLY_DEMAND,
            Charges({DEMAND: Amount()}, {OF_DEMAND: Taxed(0, 1)}),
            id="another tax names its line",
        ),
    ],
)
def test_difference(due: Charges, before: Charges, owed: Charges) -> None:
    made = difference(due, before)

    assert (made.lines, made.taxes) == (owed.lines, owed.taxes)
    assert made.gross_micro == due.gross_micro - before.gross_micro


@pytest.mark.parametrize(
    ("charges", "moves"),
    [
        pytest.param(Charges(), False, id="nothing"),
        pytest.param(Charges({DEMAND: Amount(Decimal(5), 0)}, {}), False, id="for free"),
        pytest.param(
            Charges({DEMAND: Amount(Decimal(5), 5)}, {OF_DEMAND: Taxed(5, -5)}), True, id="to a tax"
        ),
        pytest.param(
            Charges(
                {DEMAND: Amount(Decimal(5), 50), REACTIVE: Amount(Decimal(-25), -50)},
                {OF_DEMAND: Taxed(50, 10), OF_REACTIVE: Taxed(-50, -10)},
            ),
            False,
            id="lines make up for each other",
        ),
    ],
)
def test_what_moves_money(charges: Charges, moves: bool) -> None:
    assert charges.moves_money is moves

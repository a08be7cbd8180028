"""Which invoices money pays."""

import pytest

from db.ids import InvoiceId, PaymentId
from domain.payments.rules import shares


@pytest.mark.parametrize(
    ("waiting", "due", "expected"),
    [
        pytest.param([(1, 5)], [], [], id="nothing is open"),
        pytest.param([], [(7, 5)], [], id="nothing was paid"),
        pytest.param([(1, 5)], [(7, 5)], [(1, 7, 5)], id="exactly"),
        pytest.param([(1, 5)], [(7, 3), (8, 9)], [(1, 7, 3), (1, 8, 2)], id="the oldest first"),
        pytest.param(
            [(1, 5), (2, 4)], [(7, 6)], [(1, 7, 5), (2, 7, 1)], id="the first payment first"
        ),
        pytest.param([(1, 9)], [(7, 3)], [(1, 7, 3)], id="some is left"),
    ],
)
def test_what_pays_what(
    waiting: list[tuple[int, int]],
    due: list[tuple[int, int]],
    expected: list[tuple[int, int, int]],
) -> None:
    made = shares(
        [(PaymentId(one), amount) for one, amount in waiting],
        [(InvoiceId(one), amount) for one, amount in due],
    )

    assert [(one.payment_id, one.invoice_id, one.amount_micro) for one in made] == expected

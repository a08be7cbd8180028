"""In which state a top-up is, and what a dispute holds of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.enums import DisputeState, LedgerAccountKind, PaymentWay, TopUpState
from domain.topups.facts import PaymentFact
from domain.topups.rules import Dispute, dispute_lines, merged, state_of
from tests.unit.topup_facts import ACCOUNT, LIFE, NEW, OPENED, REINSTATED, WITHDRAWN, D


@pytest.mark.parametrize(
    ("payment", "way", "expected"),
    [
        pytest.param(LIFE[0], PaymentWay.CHECKOUT, TopUpState.STARTED, id="open"),
        pytest.param(LIFE[1], PaymentWay.CHECKOUT, TopUpState.STARTED, id="try another card"),
        pytest.param(LIFE[1], PaymentWay.SAVED_CARD, TopUpState.FAILED, id="no other card"),
        pytest.param(LIFE[2], PaymentWay.CHECKOUT, TopUpState.IN_FLIGHT, id="processing"),
        pytest.param(LIFE[3], PaymentWay.CHECKOUT, TopUpState.LAPSED, id="cancelled"),
        pytest.param(LIFE[4], PaymentWay.SAVED_CARD, TopUpState.CREDITED, id="paid"),
    ],
)
def test_state_before_anything_is_taken_back(
    payment: PaymentFact, way: PaymentWay, expected: TopUpState
) -> None:
    assert state_of(merged(NEW, payment), way=way, refunded=D(0)) is expected


@pytest.mark.parametrize(
    ("dispute", "held", "gone", "state"),
    [
        pytest.param(OPENED, 10, 0, TopUpState.DISPUTED, id="opened"),
        pytest.param(WITHDRAWN, 10, 10, TopUpState.DISPUTED, id="withdrawn is not lost"),
        pytest.param(REINSTATED, 0, 0, TopUpState.CREDITED, id="reinstated releases"),
        pytest.param(
            replace(WITHDRAWN, state=DisputeState.WON), 10, 10, TopUpState.DISPUTED, id="won"
        ),
        pytest.param(
            replace(REINSTATED, state=DisputeState.WON), 0, 0, TopUpState.CREDITED, id="won, back"
        ),
        pytest.param(
            replace(OPENED, state=DisputeState.WON), 0, 0, TopUpState.CREDITED, id="an inquiry"
        ),
        pytest.param(
            replace(OPENED, state=DisputeState.LOST), 10, 10, TopUpState.CHARGED_BACK, id="lost"
        ),
        pytest.param(
            replace(WITHDRAWN, state=DisputeState.LOST), 10, 10, TopUpState.CHARGED_BACK, id="gone"
        ),
    ],
)
def test_a_dispute_holds_until_the_funds_are_back(
    dispute: Dispute, held: int, gone: int, state: TopUpState
) -> None:
    paid = merged(NEW, LIFE[4])

    assert (dispute.held, dispute.gone) == (D(held), D(gone))
    assert state_of(paid, way=PaymentWay.CHECKOUT, refunded=D(0), disputes=(dispute,)) is state


def test_all_of_a_top_up_that_is_refunded_is_refunded() -> None:
    paid = merged(NEW, LIFE[4])
    states = [
        state_of(paid, way=PaymentWay.CHECKOUT, refunded=D(amount)) for amount in ("9.99", "10")
    ]

    assert states == [TopUpState.CREDITED, TopUpState.REFUNDED]


@given(held=st.integers(-9, 9), gone=st.integers(-9, 9), fee=st.integers(-9, 9))
def test_the_lines_of_a_dispute_sum_to_zero(held: int, gone: int, fee: int) -> None:
    lines = dispute_lines(ACCOUNT, held=D(held), gone=D(gone), fee=D(fee))

    assert sum(line.amount for line in lines) == 0
    credit = [line.amount for line in lines if line.side is LedgerAccountKind.CREDIT]
    assert credit == ([D(-held)] if held else [])

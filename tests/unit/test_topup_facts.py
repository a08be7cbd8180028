"""What is known of a payment, whatever comes first."""

from dataclasses import replace
from itertools import permutations

import pytest

from db.enums import DisputeState, PaymentStatus, RefundState
from domain.topups.facts import DisputeFact, RefundFact
from domain.topups.rules import Dispute, Refund, dispute_merged, merged, refund_merged
from tests.unit.topup_facts import AT, LIFE, NEW, OPENED, REINSTATED, WITHDRAWN, D, fact


@pytest.mark.parametrize("length", range(1, len(LIFE) + 1))
def test_the_order_of_facts_does_not_matter(length: int) -> None:
    ends = set()

    for order in permutations(LIFE[:length]):
        known = NEW
        for one in (*order, order[0]):
            known = merged(known, one)
        ends.add(known)

    assert len(ends) == 1
    assert ends.pop().status is LIFE[length - 1].status


def test_a_page_that_was_left_does_not_undo_a_payment() -> None:
    known = merged(NEW, LIFE[4])

    assert merged(known, fact(PaymentStatus.CANCELLED, 60)) == known
    assert known.credited == D(10)


def test_of_one_instant_the_state_that_says_more_counts() -> None:
    failed, processing = fact(PaymentStatus.OPEN, 1, "declined"), fact(PaymentStatus.PROCESSING, 1)

    assert merged(merged(NEW, failed), processing) == merged(merged(NEW, processing), failed)
    assert merged(NEW, failed).failure == "declined"


def dispute_fact(known: Dispute) -> DisputeFact:
    return DisputeFact(
        reference="du_1",
        payment="pi_1",
        state=known.state,
        amount=known.amount,
        withdrawn=known.withdrawn,
        reinstated=known.reinstated,
        fee=known.fee,
        currency="TRY",
        movements=known.movements,
        at=AT,
    )


def test_the_order_of_a_disputes_facts_does_not_matter() -> None:
    story = (OPENED, WITHDRAWN, REINSTATED, replace(REINSTATED, state=DisputeState.WON))
    ends = set()

    for order in permutations(map(dispute_fact, story)):
        known = OPENED
        for one in (*order, order[0]):
            known = dispute_merged(known, one)
        ends.add(known)

    assert ends == {story[-1]}


@pytest.mark.parametrize("last", [RefundState.SUCCEEDED, RefundState.FAILED])
def test_the_order_of_a_refunds_facts_does_not_matter(last: RefundState) -> None:
    states = list(RefundState)[1 : list(RefundState).index(last) + 1]
    facts = [
        RefundFact(reference="re_1", payment="pi_1", key=None, state=one, amount=D(4), at=AT)
        for one in states
    ]

    for order in permutations(facts):
        known = Refund(state=RefundState.REQUESTED, amount=D(4))
        for one in order:
            known = refund_merged(known, one)

        assert known.state is last
        assert known.taken == (D(0) if last is RefundState.FAILED else D(4))

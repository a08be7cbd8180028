"""What a top-up pays, and what is known of a payment whatever comes first."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.enums import (
    DisputeState,
    LedgerAccountKind,
    PaymentStatus,
    PaymentWay,
    RefundState,
    SharePeriod,
    TopUpState,
)
from db.ids import AccountId
from domain.topups.clearing import Cleared, Owed, Share, clear
from domain.topups.facts import DisputeFact, PaymentFact, RefundFact
from domain.topups.rules import (
    Dispute,
    Payment,
    Refund,
    dispute_lines,
    dispute_merged,
    is_payable,
    merged,
    period_start,
    refund_merged,
    state_of,
)

AT = datetime(2026, 3, 18, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ACCOUNT = AccountId(7)
D = Decimal


def parts(cleared: Cleared) -> tuple[Decimal, ...]:
    return (
        cleared.debt_share,
        cleared.debt,
        cleared.balance,
        cleared.emergency,
        cleared.remainder,
    )


def test_a_share_of_ten_percent_with_a_cap_of_five_a_week_takes_one_on_each_of_five_days() -> None:
    owed, taken, shares = D(100), D(0), []

    for _ in range(7):
        share = Share(D(10), cap=D(5), taken=taken)
        cleared = clear(D(10), Owed(shared_debt=owed), share=share)
        taken += cleared.debt_share
        owed -= cleared.debt_share
        shares.append(cleared.debt_share)

    assert shares == [D(1)] * 5 + [D(0)] * 2


@pytest.mark.parametrize(
    ("amount", "owed", "share", "expected"),
    [
        pytest.param("10", Owed(), None, "0 0 0 0 10", id="nothing is owed"),
        pytest.param("10", Owed(balance=D(3)), None, "0 0 0 0 10", id="credit is there"),
        pytest.param("10", Owed(debt=D(4)), None, "0 4 0 0 6", id="debt first"),
        pytest.param("10", Owed(debt=D(40)), None, "0 10 0 0 0", id="debt takes all"),
        pytest.param(
            "10",
            Owed(shared_debt=D(9), debt=D(2), balance=D(-3), emergency_used=D(1)),
            Share(D(20)),
            "2 2 3 1 2",
            id="each in its turn",
        ),
        pytest.param(
            "5", Owed(debt=D(2), balance=D(-4), emergency_used=D(1)), None, "0 2 3 0 0", id="short"
        ),
        pytest.param(
            "10", Owed(shared_debt=D("0.4")), Share(D(10)), "0.4 0 0 0 9.6", id="less debt is left"
        ),
        pytest.param(
            "10", Owed(shared_debt=D(9)), Share(D(10), cap=D(5), taken=D(7)), "0 0 0 0 10", id="cap"
        ),
        pytest.param(
            "0.01", Owed(shared_debt=D(9)), Share(D("33.33")), "0.003333 0 0 0 0.006667", id="down"
        ),
    ],
)
def test_clearing(amount: str, owed: Owed, share: Share | None, expected: str) -> None:
    assert parts(clear(D(amount), owed, share=share)) == tuple(map(D, expected.split()))


@given(
    amount=st.integers(1, 10**9),
    owed=st.tuples(*[st.integers(0, 10**9)] * 4),
    percent=st.integers(1, 100),
)
def test_a_payment_goes_somewhere_to_the_last_digit(
    amount: int, owed: tuple[int, int, int, int], percent: int
) -> None:
    shared, debt, negative, emergency = (D(one) / 100 for one in owed)
    standing = Owed(shared_debt=shared, debt=debt, balance=-negative, emergency_used=emergency)

    cleared = clear(D(amount) / 100, standing, share=Share(D(percent)))

    assert sum(parts(cleared)) == D(amount) / 100
    assert sum(line.amount for line in cleared.lines(ACCOUNT)) == D(amount) / 100
    assert all(part >= 0 for part in parts(cleared))


def fact(status: PaymentStatus, seconds: int, failure: str | None = None) -> PaymentFact:
    return PaymentFact(
        key=None,
        reference="pi_1",
        status=status,
        received=D(10) if status is PaymentStatus.SUCCEEDED else D(0),
        currency="TRY",
        at=AT + seconds * SECOND,
        failure=failure,
    )


NEW = Payment(status=PaymentStatus.OPEN, at=AT)
LIFE = (
    fact(PaymentStatus.OPEN, 1),
    fact(PaymentStatus.OPEN, 2, "card_declined"),
    fact(PaymentStatus.PROCESSING, 3),
    fact(PaymentStatus.CANCELLED, 4),
    fact(PaymentStatus.SUCCEEDED, 5),
)


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


OPENED = Dispute(state=DisputeState.OPEN, amount=D(10))
WITHDRAWN = replace(OPENED, withdrawn=D(10), fee=D(15), movements=1)
REINSTATED = replace(WITHDRAWN, reinstated=D(10), fee=D(0), movements=2)


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


def dispute_fact(known: Dispute) -> DisputeFact:
    return DisputeFact(
        reference="du_1",
        payment="pi_1",
        state=known.state,
        amount=known.amount,
        withdrawn=known.withdrawn,
        reinstated=known.reinstated,
        fee=known.fee,
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


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("10.50", "TRY", True),
        ("10.505", "TRY", False),
        ("0", "TRY", False),
        ("-1", "TRY", False),
        ("100", "JPY", True),
        ("100.5", "JPY", False),
        ("1.005", "KWD", True),
    ],
)
def test_only_whole_coins_are_payable(amount: str, currency: str, expected: bool) -> None:
    assert is_payable(D(amount), currency) is expected


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        (SharePeriod.DAY, date(2026, 3, 18)),
        (SharePeriod.WEEK, date(2026, 3, 16)),
        (SharePeriod.MONTH, date(2026, 3, 1)),
    ],
)
def test_periods_begin_by_the_calendar(period: SharePeriod, expected: date) -> None:
    assert period_start(date(2026, 3, 18), period) == expected

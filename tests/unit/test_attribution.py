"""Which of an account's own credit pays which of its invoices."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.ids import InvoiceId, JournalId
from domain.invoices.attribution import Attribution, Credit, Key, Standing, Use

A, B = JournalId(10), JournalId(20)
FEBRUARY, MARCH = InvoiceId(15), InvoiceId(25)
GIVEN = None


@pytest.mark.parametrize(
    ("credits_", "unspent", "shares"),
    [
        pytest.param([Credit(A, 100)], 100, {(A, FEBRUARY): 60}, id="what was bought"),
        pytest.param(
            [Credit(A, 100), Credit(B, 50)],
            70,
            {(A, FEBRUARY): 20, (B, FEBRUARY): 40},
            id="of what is left, what came first",
        ),
        pytest.param(
            [Credit(A, 100), Credit(B, 80)], 80, {(B, FEBRUARY): 60}, id="what came first is used"
        ),
        pytest.param(
            [Credit(A, 100), Credit(GIVEN, 70)],
            70,
            {(GIVEN, FEBRUARY): 60},
            id="what was given last",
        ),
        pytest.param(
            [Credit(GIVEN, 10), Credit(A, 100)],
            110,
            {(GIVEN, FEBRUARY): 10, (A, FEBRUARY): 50},
            id="what was given first",
        ),
        pytest.param(
            [Credit(A, 40)],
            60,
            {(A, FEBRUARY): 40, (GIVEN, FEBRUARY): 20},
            id="more than is known to have come",
        ),
    ],
)
def test_what_is_left_of_credit_is_of_what_came_last(
    credits_: Sequence[Credit], unspent: int, shares: Mapping[Key, int]
) -> None:
    attribution = Attribution()

    attribution.let_pay({FEBRUARY: 60}, credits_, unspent=unspent)

    assert attribution.shares == shares


def test_what_pays_an_invoice_already_pays_no_other() -> None:
    attribution = Attribution({(A, FEBRUARY): 60})

    attribution.let_pay({MARCH: 60}, [Credit(A, 100), Credit(B, 50)], unspent=90)

    assert attribution.shares == {(A, FEBRUARY): 60, (A, MARCH): 40, (B, MARCH): 20}


def test_what_waits_pays_first_the_oldest_purchase_before_others() -> None:
    attribution = Attribution({(B, None): 50, (A, None): 20})

    attribution.let_waiting_pay({FEBRUARY: 30})

    assert attribution.shares == {(A, FEBRUARY): 20, (B, FEBRUARY): 10, (B, None): 40}


@pytest.mark.parametrize(
    ("left", "shares"),
    [
        pytest.param(100, {(A, None): 30, (A, FEBRUARY): 40, (A, MARCH): 30}, id="nothing"),
        pytest.param(80, {(A, None): 10, (A, FEBRUARY): 40, (A, MARCH): 30, (A, A): 20}, id="some"),
        pytest.param(50, {(A, FEBRUARY): 40, (A, MARCH): 10, (A, A): 50}, id="more than waits"),
        pytest.param(0, {(A, A): 100}, id="all"),
    ],
)
def test_what_is_taken_back_is_of_what_waits_then_of_the_youngest(
    left: int, shares: Mapping[Key, int]
) -> None:
    attribution = Attribution({(A, FEBRUARY): 40, (A, MARCH): 30, (A, None): 30})

    attribution.take_back({A: Standing(left, 100 - left)})

    assert attribution.shares == shares


def test_what_documents_tell_is_taken_back_before_what_pays() -> None:
    attribution = Attribution({(A, FEBRUARY): 40})

    attribution.take_back({A: Standing(left=50, taken=50)})

    assert attribution.shares == {(A, FEBRUARY): 40}


def test_what_comes_back_is_free_again() -> None:
    attribution = Attribution({(A, FEBRUARY): 10, (A, A): 30})

    attribution.take_back({A: Standing(left=80, taken=20)})

    assert attribution.shares == {(A, FEBRUARY): 10, (A, A): 20}


def test_what_is_not_paid_any_more_is_free_of_the_youngest_purchase_first() -> None:
    attribution = Attribution({(A, FEBRUARY): 40, (B, FEBRUARY): 30, (GIVEN, FEBRUARY): 5})

    attribution.release_beyond_uses({FEBRUARY: 50})

    assert attribution.shares == {(A, FEBRUARY): 40, (B, FEBRUARY): 5, (GIVEN, FEBRUARY): 5}


@pytest.mark.parametrize(
    ("left", "most", "waiting"),
    [
        pytest.param(100, 500, 60, id="all that pays nothing"),
        pytest.param(100, 25, 25, id="as much as is due"),
        pytest.param(30, 500, 0, id="nothing is left"),
        pytest.param(100, -5, 0, id="nothing is due"),
    ],
)
def test_what_pays_nothing_waits(left: int, most: int, waiting: int) -> None:
    attribution = Attribution({(A, FEBRUARY): 40})

    attribution.let_wait(A, left=left, most=most)

    assert attribution.waiting == waiting


def test_no_more_waits_than_is_due_of_the_oldest_purchase() -> None:
    attribution = Attribution({(A, None): 40, (B, None): 30, (B, FEBRUARY): 7})

    attribution.wait_no_more_than(50)

    assert attribution.shares == {(A, None): 40, (B, None): 10, (B, FEBRUARY): 7}


def test_changes_are_by_how_much_shares_are_others() -> None:
    before: dict[Key, int] = {(A, FEBRUARY): 40, (A, None): 10, (B, MARCH): 5}
    attribution = Attribution({(A, FEBRUARY): 50, (B, MARCH): 5, (B, None): 1})

    changes = attribution.changes(before)

    assert changes == {(A, FEBRUARY): 10, (A, None): -10, (B, None): 1}


amounts = st.integers(0, 500)
uses = st.dictionaries(st.sampled_from([FEBRUARY, MARCH, JournalId(30)]), amounts)
purchases = st.fixed_dictionaries({A: amounts, B: amounts})
steps = st.lists(st.tuples(uses, purchases, amounts, amounts), max_size=8)


@given(steps)
def test_shares_are_of_all_that_is_paid_and_never_of_more_than_is_left(
    steps: list[tuple[dict[Use, int], dict[JournalId, int], int, int]],
) -> None:
    attribution = Attribution()
    for used, left, unspent, due in steps:
        attribution.take_back({one: Standing(rest, 500 - rest) for one, rest in left.items()})
        attribution.release_beyond_uses(used)
        attribution.let_waiting_pay(attribution.lacking(used))
        came = [Credit(one, rest) for one, rest in left.items()]
        attribution.let_pay(attribution.lacking(used), came, unspent=unspent)
        attribution.let_wait(B, left=left[B], most=due)
        attribution.wait_no_more_than(due)

        shares = attribution.shares
        for use, amount in used.items():
            assert sum(share for (_, paid), share in shares.items() if paid == use) == amount
        for one, rest in left.items():
            mine = [share for (by, use), share in shares.items() if by == one and use != one]
            assert sum(mine) <= rest
        assert attribution.waiting <= due
        assert all(share > 0 for share in shares.values())

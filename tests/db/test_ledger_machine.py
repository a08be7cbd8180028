"""Whatever is done to the books, by however many, they are what a plain model says.

`make chaos` does the same for longer.
"""

from hypothesis import HealthCheck, settings

from db.settings import Urls
from tests.books.machine import run_machine
from tests.books.trials import crowd_trial, retry_trial

KEYS = 50
SMALL = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_the_books_are_what_the_model_says(database: Urls) -> None:
    made = run_machine(database, SMALL)

    assert made["runs"] >= SMALL.max_examples
    # What nobody comes to by one step alone is tried as well.
    assert made.keys() >= {"REFUND", "DISPUTE"}


async def test_many_writers_on_few_accounts_leave_what_the_model_says(database: Urls) -> None:
    left, expected = await crowd_trial(database, writers=64, operations=2_000, connections=16)

    assert left == [expected] * 2


async def test_however_many_ask_for_the_same_it_is_done_once(database: Urls) -> None:
    made, left = await retry_trial(database, keys=KEYS, times=20)

    assert [len(journals) for journals in made] == [1] * KEYS
    assert len(set.union(*made)) == KEYS
    assert left.journals == {"CASH_TOP_UP": KEYS}
    assert sorted(left.balances.values()) == [0, 0, 0, KEYS]
    assert left.differences == []

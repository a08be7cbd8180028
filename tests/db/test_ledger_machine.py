"""Whatever is done to the books, by however many, they are what a plain model says.

`make chaos` does the same for longer.
"""

from hypothesis import HealthCheck, settings

from db.settings import Urls
from tests.books.machine import run_machine
from tests.books.trials import crowd_trial, retry_trial

SMALL = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_the_books_are_what_the_model_says(database: Urls) -> None:
    run_machine(database, SMALL)


async def test_many_writers_on_few_accounts_leave_what_the_model_says(database: Urls) -> None:
    await crowd_trial(database, writers=64, operations=2_000, connections=16)


async def test_however_many_ask_for_the_same_it_is_done_once(database: Urls) -> None:
    await retry_trial(database, keys=50, times=20)

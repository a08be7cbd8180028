"""The trials of the books in full: see `tests/books`."""

from hypothesis import HealthCheck, Phase, settings

from db.settings import Urls
from tests.books.machine import run_machine
from tests.books.trials import crowd_trial, retry_trial

KEYS = 1_000
KINDS = {
    "ADJUSTMENT", "BANK_TOP_UP", "CASH_TOP_UP", "DISPUTE", "ENERGY", "PAYMENT_IN_FLIGHT", "REFUND",
    "REVERSAL", "TOP_UP",
}  # fmt: skip

settings.register_profile(
    "full",
    max_examples=200,
    stateful_step_count=100,
    deadline=None,
    # What fails is shown as it is: making it small would take hours.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_two_hundred_runs_of_a_hundred_steps_are_what_the_model_says(database: Urls) -> None:
    full = settings.get_profile("full")

    made = run_machine(database, full)

    assert made["runs"] >= full.max_examples
    assert made.keys() - {"runs"} == KINDS


async def test_sixty_four_writers_on_four_accounts_leave_what_the_model_says(
    database: Urls,
) -> None:
    left, expected = await crowd_trial(database, writers=64, operations=50_000, connections=64)

    assert left == [expected] * 2


async def test_a_thousand_keys_asked_for_twenty_times_at_once_make_a_thousand(
    database: Urls,
) -> None:
    made, left = await retry_trial(database, keys=KEYS, times=20)

    assert [len(journals) for journals in made] == [1] * KEYS
    assert len(set.union(*made)) == KEYS
    assert left.journals == {"CASH_TOP_UP": KEYS}
    assert sorted(left.balances.values()) == [0, 0, 0, KEYS]
    assert left.differences == []

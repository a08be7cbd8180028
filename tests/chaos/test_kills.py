"""Twenty kills and a minute without Redis. CHAOS_SEED=… repeats the order of a run."""

import os
import sys

import pytest

from tests.chaos.storm import chosen_seed
from tests.chaos.survival import survive

DELIVERED_S_MAX = 10.0


async def test_nothing_is_lost_or_wrong_when_processes_are_killed_again_and_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with capsys.disabled():
        survival = await survive(
            kills=20,
            seed=chosen_seed(os.environ),
            redis_away_s=60,
            rounds_per_s=10,
            delivered_s_max=DELIVERED_S_MAX,
            say=sys.stdout.write,
        )

    assert survival.found == survival.expected
    assert survival.lag_s_max < DELIVERED_S_MAX

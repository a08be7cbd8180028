"""Four kills and a short absence of Redis, in the same order each time.

`make chaos` does the same for longer, quicker and in any order.
"""

import sys

import pytest

from tests.chaos.survival import survive
from tests.waiting import PATIENCE_S

SEED = 4


async def test_nothing_is_lost_or_wrong_when_each_process_is_killed_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with capsys.disabled():
        survival = await survive(
            kills=4,
            seed=SEED,
            redis_away_s=3,
            rounds_per_s=2,
            delivered_s_max=PATIENCE_S,
            say=sys.stdout.write,
        )

    assert survival.found == survival.expected
    assert survival.lag_s_max < PATIENCE_S

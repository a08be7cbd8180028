"""Four kills and a short absence of Redis; `make chaos` does the same for longer."""

import os
import sys

import pytest

from tests.chaos.storm import chosen_seed
from tests.chaos.survival import DELIVERED_S_MAX, survive


async def test_nothing_is_lost_or_wrong_when_each_process_is_killed_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with capsys.disabled():
        survival = await survive(
            kills=4, seed=chosen_seed(os.environ), redis_away_s=3, say=sys.stdout.write
        )

    assert survival.found == survival.expected
    assert survival.lag_s_max < DELIVERED_S_MAX

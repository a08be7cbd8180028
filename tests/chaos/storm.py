"""Killing processes at moments that a seed decides, and starting them again."""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from typing import Protocol

CALM_S = (0.3, 2.5)
DOWN_S = (0.0, 1.5)
TWO_AT_ONCE_SHARE = 0.5
SEED_MAX = 1_000_000


class Victim(Protocol):
    """A process that can be killed; starting it returns once it is ready again."""

    def kill(self) -> None: ...

    def start(self) -> object: ...


def chosen_seed(environment: Mapping[str, str]) -> int:
    """Return the seed of CHAOS_SEED, to repeat a run, or any."""
    given = environment.get("CHAOS_SEED")
    return random.SystemRandom().randrange(SEED_MAX) if given is None else int(given)


Say = Callable[[str], object]


async def storm(victims: Mapping[str, Victim], *, kills: int, seed: int, say: Say) -> None:
    """Kill each victim about as often as the others, half of them while another one is down."""
    chance = random.Random(seed)  # noqa: S311 - it has to be repeatable
    names = [name for _ in range(0, kills, len(victims)) for name in victims][:kills]
    chance.shuffle(names)
    while names:
        await asyncio.sleep(chance.uniform(*CALM_S))
        started_s = time.monotonic()
        down = [names.pop()]
        if names and names[-1] not in down and chance.random() < TWO_AT_ONCE_SHARE:
            down.append(names.pop())
        for name in down:
            await asyncio.to_thread(victims[name].kill)
            await asyncio.sleep(chance.uniform(*DOWN_S))
        await asyncio.gather(*(asyncio.to_thread(victims[name].start) for name in down))
        spent_s = time.monotonic() - started_s
        say(f"killed {' and '.join(down)}, ready again after {spent_s:.1f} s\n")

"""Waiting in tests for what happens elsewhere."""

import asyncio
from collections.abc import Callable

PATIENCE_S = 10.0
LOOK_EVERY_S = 0.02


async def until(holds: Callable[[], bool]) -> None:
    """Wait until `holds` returns true.

    :raises TimeoutError: it did not in time
    """
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - what is waited for knows nothing of tests
            await asyncio.sleep(LOOK_EVERY_S)

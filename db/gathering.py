"""Asking together what many ask at once: one question is on its way, the others wait for the next.

Nobody is told what was known before it was asked, unlike by a cache.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import islice
from typing import Generic, TypeVar

TOGETHER_MAX = 500

Key = TypeVar("Key")
Found = TypeVar("Found")


class Gathering(Generic[Key, Found]):
    """Answers many askers with one question at a time, within one event loop.

    answer: what is found for keys, at most 500 and each once; what is missing is not there.
    """

    def __init__(self, answer: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Found]]]) -> None:
        self._answer = answer
        self._waiting: dict[Key, list[asyncio.Future[Found | None]]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, key: Key) -> Found | None:
        """Return what is found for `key` from now on; raises what asking for it raises."""
        told: asyncio.Future[Found | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(told)
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_all())
        return await told

    async def _ask_all(self) -> None:
        try:
            while self._waiting:
                keys = list(islice(self._waiting, TOGETHER_MAX))
                await self._ask_together({key: self._waiting.pop(key) for key in keys})
        finally:
            self._asking = None

    async def _ask_together(self, asked: Mapping[Key, list[asyncio.Future[Found | None]]]) -> None:
        error: BaseException | None = None
        found: Mapping[Key, Found] = {}
        try:
            found = await self._answer(list(asked))
        except Exception as raised:
            error = raised
        for key, waiting in asked.items():
            # Who has gone away meanwhile is told nothing.
            for told in (told for told in waiting if not told.done()):
                if error is None:
                    told.set_result(found.get(key))
                else:
                    told.set_exception(error)

"""What many ask at once is asked together, and nobody is told what was known before."""

import asyncio
from collections.abc import Sequence

import pytest

from db.gathering import TOGETHER_MAX, Gathering


class Oracle:
    """Answers even keys with the number of the question, once it is let."""

    def __init__(self) -> None:
        self.questions: list[list[int]] = []
        self.may_answer = asyncio.Event()

    async def answer(self, keys: Sequence[int]) -> dict[int, int]:
        self.questions.append(list(keys))
        await self.may_answer.wait()
        if 13 in keys:
            raise ValueError(keys)
        return {key: len(self.questions) for key in keys if key % 2 == 0}


@pytest.fixture
async def oracle() -> Oracle:
    return Oracle()


async def _asking(gathering: Gathering[int, int], *keys: int) -> list[asyncio.Task[int | None]]:
    tasks = [asyncio.create_task(gathering.ask(key)) for key in keys]
    await asyncio.sleep(0.01)
    return tasks


async def test_those_who_come_meanwhile_share_the_next_question(oracle: Oracle) -> None:
    gathering = Gathering(oracle.answer)

    first = await _asking(gathering, 2)
    later = await _asking(gathering, 2, 4, 4, 5)
    oracle.may_answer.set()

    assert await asyncio.gather(*first) == [1]
    assert await asyncio.gather(*later) == [2, 2, 2, None]
    assert oracle.questions == [[2], [2, 4, 5]]


async def test_a_question_has_a_limit(oracle: Oracle) -> None:
    gathering = Gathering(oracle.answer)

    first = await _asking(gathering, 2)
    later = await _asking(gathering, *range(100, 101 + TOGETHER_MAX))
    oracle.may_answer.set()
    await asyncio.gather(*first, *later)

    assert [len(keys) for keys in oracle.questions] == [1, TOGETHER_MAX, 1]


async def test_a_failure_reaches_all_who_asked_and_nobody_later(oracle: Oracle) -> None:
    gathering = Gathering(oracle.answer)
    oracle.may_answer.set()

    tasks = [asyncio.create_task(gathering.ask(key)) for key in (12, 13)]
    failed = await asyncio.gather(*tasks, return_exceptions=True)
    again = await gathering.ask(12)

    assert [type(one) for one in failed] == [ValueError, ValueError]
    assert again == len(oracle.questions)


async def test_one_who_goes_away_takes_the_answer_from_nobody(oracle: Oracle) -> None:
    gathering = Gathering(oracle.answer)

    gone, staying = await _asking(gathering, 2, 2)
    gone.cancel()
    await asyncio.sleep(0)
    oracle.may_answer.set()

    assert await staying == 1
    assert gone.cancelled()

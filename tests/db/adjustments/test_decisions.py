"""What is above the limit is decided once, and stays so."""

import asyncio
from collections.abc import Awaitable

import asyncpg
import pytest

from db import access
from db.enums import AdjustmentState
from db.ids import AdjustmentId
from domain.ledger.adjustments import AdjustmentDecided
from domain.ledger.queries import verify
from domain.refusals import StaleVersion
from tests.db.adjustments.adjusting import adjust, approve, balance, reject, somebody, state
from tests.db.rows import fetch
from tests.factories import NOW, Place


async def test_another_person_lets_it_come_true(limited: Place) -> None:
    proposer, second = await somebody(), await somebody()
    adjustment_id = await adjust(limited, "250", proposer)

    await approve(limited, adjustment_id, second)

    assert await balance(limited) == 250
    rows = await fetch(
        "select state, proposed_by, decided_by, decided_at, version, journal_id is not null"
        " from adjustment"
    )
    assert rows == [("POSTED", proposer.user_id, second.user_id, NOW, 2, True)]
    assert await verify() == []


async def test_another_person_turns_it_down_for_good(limited: Place) -> None:
    adjustment_id = await adjust(limited, "250", await somebody())

    await reject(limited, adjustment_id, await somebody())

    with pytest.raises(AdjustmentDecided) as refused:
        await approve(limited, adjustment_id, await somebody(), version=2)
    assert refused.value.state is AdjustmentState.REJECTED
    assert await fetch("select state, rejection_reason from adjustment") == [
        ("REJECTED", "not proven")
    ]
    assert await balance(limited) == 0


async def test_a_retry_after_the_decision_returns_the_same_adjustment(limited: Place) -> None:
    proposer = await somebody()
    adjustment_id = await adjust(limited, "250", proposer)
    await approve(limited, adjustment_id, await somebody())

    again = await adjust(limited, "250", proposer)

    assert again == adjustment_id
    assert await balance(limited) == 250


async def outcomes(*works: Awaitable[AdjustmentId]) -> list[type]:
    found = await asyncio.gather(*works, return_exceptions=True)
    return sorted((type(one) for one in found), key=lambda kind: kind.__name__)


async def test_of_two_who_approve_at_once_one_does(limited: Place) -> None:
    adjustment_id = await adjust(limited, "250", await somebody())
    hands = [await somebody() for _ in range(6)]

    found = await outcomes(*(approve(limited, adjustment_id, hand) for hand in hands))

    assert found == [*[StaleVersion] * 5, int]
    assert await balance(limited) == 250


async def test_of_approving_and_rejecting_at_once_one_counts(limited: Place) -> None:
    proposer, second, third = [await somebody() for _ in range(3)]
    for number in range(8):
        adjustment_id = await adjust(limited, "250", proposer, idempotency_key=str(number))
        both = [approve(limited, adjustment_id, second), reject(limited, adjustment_id, third)]

        assert await outcomes(*both[:: (-1) ** number]) == [StaleVersion, int]

    ((posted,),) = await fetch("select count(*) from adjustment where state = 'POSTED'")
    ((rejected,),) = await fetch("select count(*) from adjustment where state = 'REJECTED'")
    assert posted + rejected == 8
    assert await balance(limited) == 250 * posted
    assert await verify() == []


@pytest.mark.parametrize(
    "change",
    [
        "update adjustment set amount_micro = 1",
        "update adjustment set state = 'PROPOSED', journal_id = null, decided_by = null",
        "delete from adjustment",
    ],
)
async def test_what_is_decided_stays_even_for_the_system(place: Place, change: str) -> None:
    adjustment_id = await adjust(place, "5", await somebody())
    before = await fetch("select * from adjustment")

    async with access.system() as connection:
        with pytest.raises((asyncpg.RestrictViolationError, asyncpg.InsufficientPrivilegeError)):
            async with connection.transaction():
                await connection.execute(change)

    assert await fetch("select * from adjustment") == before
    assert await state(adjustment_id) == AdjustmentState.POSTED

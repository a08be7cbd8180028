"""Nobody decides about an own proposal, by whatever way it came."""

from dataclasses import replace
from typing import Any

import pytest

from db.acting import Actor, acting
from db.enums import ActorKind, AdjustmentState
from db.ids import KeyId
from domain.hands import Hand
from domain.keys import operations as keys
from domain.ledger.adjustments import SecondPersonNeeded
from tests.api.keys import KEY, WHOEVER, make_key
from tests.db.adjustments.adjusting import adjust, approve, balance, reject, somebody, state
from tests.factories import NOW, Place


async def key_made_by(place: Place, hand: Hand | None) -> KeyId:
    user_id = None if hand is None else hand.user_id
    with acting(Actor(kind=ActorKind.USER, user_id=user_id)):
        key_id, _ = await make_key(place.company_id)
    return key_id


@pytest.mark.parametrize("decide", [approve, reject])
async def test_nobody_decides_about_an_own_proposal(limited: Place, decide: Any) -> None:
    proposer = await somebody()
    adjustment_id = await adjust(limited, "250", proposer)
    own_key = await key_made_by(limited, proposer)

    for hand in (proposer, Hand(key_id=own_key)):
        with pytest.raises(SecondPersonNeeded):
            await decide(limited, adjustment_id, hand)

    assert await state(adjustment_id) == AdjustmentState.PROPOSED
    assert await balance(limited) == 0


async def test_the_proposal_of_a_program_is_its_makers_own(limited: Place) -> None:
    maker = await somebody()
    key_id = await key_made_by(limited, maker)
    adjustment_id = await adjust(limited, "250", Hand(key_id=key_id))

    for hand in (maker, Hand(key_id=key_id)):
        with pytest.raises(SecondPersonNeeded):
            await approve(limited, adjustment_id, hand)

    await approve(limited, adjustment_id, await somebody())
    assert await balance(limited) == 250


async def test_a_key_that_was_made_with_a_key_is_its_makers_as_well(limited: Place) -> None:
    proposer, other = await somebody(), await somebody()
    own_key = await key_made_by(limited, proposer)
    with acting(Actor(kind=ActorKind.KEY, user_id=other.user_id, key_id=own_key)):
        second_key, _ = await make_key(limited.company_id, replace(KEY, name="made with a key"))
    adjustment_id = await adjust(limited, "250", proposer)

    with pytest.raises(SecondPersonNeeded):
        await approve(limited, adjustment_id, Hand(key_id=second_key))

    assert await state(adjustment_id) == AdjustmentState.PROPOSED


async def test_a_key_of_nobody_is_no_second_person_and_one_of_somebody_else_is(
    limited: Place,
) -> None:
    adjustment_id = await adjust(limited, "250", await somebody())
    nobodys = await key_made_by(limited, None)

    with pytest.raises(SecondPersonNeeded):
        await approve(limited, adjustment_id, Hand(key_id=nobodys))

    rotator = await somebody()
    with acting(Actor(kind=ActorKind.USER, user_id=rotator.user_id)):
        others = await keys.rotate(
            company_id=limited.company_id,
            key_id=nobodys,
            old_ends_at=None,
            maker=WHOEVER,
            secret="a secret",  # noqa: S106 - a test's own
            now=NOW,
        )
    await approve(limited, adjustment_id, Hand(key_id=others))
    assert await balance(limited) == 250

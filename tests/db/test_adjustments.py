"""Credit by hand: with a reason, once per key, and above the limit by two people."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

import asyncpg
import pytest

from db import access
from db.acting import Actor, acting
from db.enums import ActorKind, AdjustmentState
from db.ids import AdjustmentId, KeyId, UserId
from domain.keys import operations as keys
from domain.ledger import adjustments
from domain.ledger.adjustments import AdjustmentDecided, Hand, SecondPersonNeeded
from domain.ledger.posting import IdempotencyConflict
from domain.ledger.queries import balance_of, verify
from domain.refusals import InvalidValue, NotThere, StaleVersion
from tests.api.keys import KEY, WHOEVER, make_key
from tests.db.rows import fetch
from tests.factories import NOW, Place, account_of, make_place

_numbers = count(1)


@pytest.fixture
async def limited(place: Place) -> Place:
    """Return the place of a company whose limit is 100."""
    await fetch("update company set adjustment_approval_limit_micro = 100000000 returning 1")
    return place


async def somebody() -> Hand:
    ((user_id,),) = await fetch(
        "insert into app_user (email, name, created_at) values ($1, 'Deniz', $2) returning id",
        f"hand{next(_numbers)}@example.com",
        NOW,
    )
    return Hand(user_id=UserId(user_id))


async def key_made_by(place: Place, hand: Hand | None) -> KeyId:
    user_id = None if hand is None else hand.user_id
    with acting(Actor(kind=ActorKind.USER, user_id=user_id)):
        key_id, _ = await make_key(place.company_id)
    return key_id


async def adjust(place: Place, amount: str, hand: Hand, /, **changes: Any) -> AdjustmentId:
    given: dict[str, Any] = {
        "company_id": place.company_id,
        "account_id": account_of(place),
        "amount": Decimal(amount),
        "reason": "a meter that ran too fast",
        "idempotency_key": "one",
        "hand": hand,
        "now": NOW,
    }
    return await adjustments.adjust(**given | changes)


async def approve(
    place: Place, adjustment_id: AdjustmentId, hand: Hand, version: int = 1
) -> AdjustmentId:
    return await adjustments.approve(
        company_id=place.company_id,
        adjustment_id=adjustment_id,
        expected_version=version,
        hand=hand,
        now=NOW,
    )


async def reject(place: Place, adjustment_id: AdjustmentId, hand: Hand) -> AdjustmentId:
    return await adjustments.reject(
        company_id=place.company_id,
        adjustment_id=adjustment_id,
        expected_version=1,
        reason="not proven",
        hand=hand,
        now=NOW,
    )


async def balance(place: Place) -> Decimal:
    return await balance_of(company_id=place.company_id, account_id=account_of(place))


async def state(adjustment_id: AdjustmentId) -> str:
    ((found,),) = await fetch("select state from adjustment where id = $1", adjustment_id)
    return str(found)


async def test_an_adjustment_is_posted_with_its_reason_when_no_limit_is_set(place: Place) -> None:
    adjustment_id = await adjust(place, "-12.345678", await somebody())

    assert await state(adjustment_id) == AdjustmentState.POSTED
    assert await balance(place) == Decimal("-12.345678")
    rows = await fetch(
        "select j.kind, j.reason, l.kind, e.amount from journal j"
        " join entry e on e.company_id = j.company_id and e.journal_id = j.id"
        " join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id"
        " order by e.line"
    )
    reason = "a meter that ran too fast"
    assert rows == [
        ("ADJUSTMENT", reason, "CREDIT", Decimal("-12.345678")),
        ("ADJUSTMENT", reason, "ADJUSTMENTS", Decimal("12.345678")),
    ]
    assert await verify() == []


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        pytest.param("100", AdjustmentState.POSTED, id="at the limit"),
        pytest.param("-100", AdjustmentState.POSTED, id="taking at the limit"),
        pytest.param("100.000001", AdjustmentState.PROPOSED, id="above"),
        pytest.param("-100.000001", AdjustmentState.PROPOSED, id="taking above"),
    ],
)
async def test_only_above_the_limit_it_is_proposed(
    limited: Place, amount: str, expected: AdjustmentState
) -> None:
    adjustment_id = await adjust(limited, amount, await somebody())

    is_posted = expected is AdjustmentState.POSTED
    assert await state(adjustment_id) == expected
    assert await balance(limited) == (Decimal(amount) if is_posted else 0)
    assert await fetch("select count(*) from journal") == [(int(is_posted),)]


async def test_a_key_makes_one_adjustment_however_many_ask(place: Place) -> None:
    hand = await somebody()

    made = await asyncio.gather(*(adjust(place, "5", hand) for _ in range(10)))

    assert len(set(made)) == 1
    assert await balance(place) == 5


@pytest.mark.parametrize(
    "changes", [{"amount": Decimal(6)}, {"reason": "another"}], ids=["amount", "reason"]
)
async def test_a_key_used_for_something_else_is_refused(
    place: Place, changes: dict[str, Any]
) -> None:
    hand = await somebody()
    await adjust(place, "5", hand)

    with pytest.raises(IdempotencyConflict):
        await adjust(place, "5", hand, **changes)

    assert await balance(place) == 5
    assert await fetch("select count(*) from adjustment") == [(1,)]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        pytest.param({"amount": Decimal(0)}, "amount", id="nothing"),
        pytest.param({"amount": Decimal("0.0000001")}, "amount", id="too fine"),
        pytest.param({"amount": Decimal(10**13)}, "amount", id="too much"),
        pytest.param({"reason": "  "}, "reason", id="no reason"),
        pytest.param({"reason": "r" * 501}, "reason", id="a long reason"),
        pytest.param({"idempotency_key": ""}, "idempotency_key", id="no key"),
    ],
)
async def test_what_is_no_adjustment_is_refused(
    place: Place, changes: dict[str, Any], path: str
) -> None:
    with pytest.raises(InvalidValue) as refused:
        await adjust(place, "5", await somebody(), **changes)

    assert refused.value.path == (path,)
    assert await fetch("select * from adjustment") == []


async def test_an_account_of_another_company_is_not_adjusted(place: Place) -> None:
    other = await make_place()

    with pytest.raises(NotThere):
        await adjust(place, "5", await somebody(), account_id=account_of(other))

    assert await fetch("select * from adjustment") == []
    assert await balance(other) == 0


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

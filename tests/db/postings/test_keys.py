"""A key posts once, whatever is asked for under it."""

from typing import Any

import pytest

from db import access
from db.enums import JournalKind
from domain.ledger.posting import IdempotencyConflict, Posted, made_before
from tests.db.postings.writing import cash, posted, standing
from tests.db.rows import fetch
from tests.factories import Place, make_place


async def test_a_retry_in_a_batch_returns_the_first_and_posts_the_rest(place: Place) -> None:
    (first,) = await posted(place, cash(place, "1", key="one"))

    again, second = await posted(
        place, cash(place, "1", key="one"), cash(place, "2", key="two", number=1)
    )

    assert again == Posted(first.journal_id, False)
    assert second.is_new
    assert await fetch("select count(*) from journal") == [(2,)]
    assert (await standing(place))[0] == 1_000_000
    assert (await standing(place, 1))[0] == 2_000_000


async def test_lines_may_differ_on_a_retry_of_the_same_request(place: Place) -> None:
    (first,) = await posted(place, cash(place, "1", request="the same"))

    (again,) = await posted(place, cash(place, "9", request="the same"))

    assert again == Posted(first.journal_id, False)
    assert (await standing(place))[0] == 1_000_000


async def test_another_request_under_a_key_is_refused_with_its_whole_batch(place: Place) -> None:
    await posted(place, cash(place, "1", key="one"))

    with pytest.raises(IdempotencyConflict):
        await posted(place, cash(place, "5", key="two"), cash(place, "2", key="one"))

    assert await fetch("select idempotency_key from journal") == [("one",)]
    assert (await standing(place))[0] == 1_000_000


async def test_a_key_counts_within_its_kind_and_company(place: Place) -> None:
    other = await make_place()

    made = [
        *await posted(place, cash(place, "1")),
        *await posted(place, cash(place, "1", kind=JournalKind.ADJUSTMENT, reason="why not")),
        *await posted(other, cash(other, "1")),
    ]

    assert [one.is_new for one in made] == [True] * 3


async def test_what_was_made_is_found_before_the_work_of_a_retry(place: Place) -> None:
    (first,) = await posted(place, cash(place, "1"))
    asked: dict[str, Any] = {
        "company_id": place.company_id,
        "kind": JournalKind.CASH_TOP_UP,
        "idempotency_key": "one",
    }

    async with access.tenant(place.company_id) as connection:
        found = await made_before(connection, **asked, request="1 to 0")
        missing = await made_before(connection, **asked | {"idempotency_key": "2"}, request="")
        with pytest.raises(IdempotencyConflict):
            await made_before(connection, **asked, request="2 to 0")

    assert (found, missing) == (first.journal_id, None)

"""Payments whose events come in any order, twice or never, and whose answers are lost."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings

from domain.ledger.queries import verify
from tests.db.conftest import connected
from tests.stripe_twin.running import running_twin
from tests.topups.losses import lose_events, lose_responses
from tests.topups.shop import Shop, open_shop
from tests.topups.stories import Story, live_through, stories

__all__ = ["connected"]

STORIES = 500
LOST_RESPONSES = 1_000
PAYMENTS_WITH_LOST_EVENTS = 400


@pytest.fixture
async def shop(connected: None) -> AsyncIterator[Shop]:
    async with running_twin() as twin, open_shop(twin) as shop:
        yield shop


@settings(
    max_examples=STORIES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=stories())
async def test_500_stories_told_in_any_order_end_as_the_model_does(
    shop: Shop, story: Story
) -> None:
    left = await live_through(shop, story)

    assert left == story.expected


async def test_1000_lost_answers_make_1000_charges_and_no_more(shop: Shop) -> None:
    await lose_responses(shop, LOST_RESPONSES)

    assert await verify() == []


async def test_one_event_in_twenty_that_is_lost_for_ever_is_found(shop: Shop) -> None:
    await lose_events(shop, PAYMENTS_WITH_LOST_EVENTS, seed=1)

    assert await verify() == []

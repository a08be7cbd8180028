"""A few of each of the proofs that `tests/chaos` carries out in full."""

from hypothesis import HealthCheck, given, settings

from domain.ledger.queries import verify
from tests.topups.losses import lose_events, lose_responses
from tests.topups.shop import Shop
from tests.topups.stories import Story, live_through, stories

STORIES = 12
LOST = 30


@settings(
    max_examples=STORIES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=stories())
async def test_any_order_of_events_ends_in_the_models_balance(shop: Shop, story: Story) -> None:
    left = await live_through(shop, story)

    assert left == story.expected
    assert await verify() == []


async def test_lost_answers_make_as_many_charges_and_no_more(shop: Shop) -> None:
    await lose_responses(shop, LOST)

    assert await verify() == []


async def test_events_that_are_lost_for_ever_are_found_at_night(shop: Shop) -> None:
    await lose_events(shop, LOST, seed=3)

    assert await verify() == []

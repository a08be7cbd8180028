"""The place of a company that wants two people for much."""

import pytest

from tests.db.rows import fetch
from tests.factories import Place


@pytest.fixture
async def limited(place: Place) -> Place:
    """Return the place of a company whose limit is 100."""
    await fetch("update company set adjustment_approval_limit_micro = 100000000 returning 1")
    return place

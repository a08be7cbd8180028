"""The place whose supplies are shared."""

import pytest

from tests.db.submetered import make_mall
from tests.factories import (
    Place,
)


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_mall()

"""The place whose supplies are shared."""

import pytest

from tests.db.submetered import make_mall
from tests.factories import (
    Place,
    make_register_set,
)


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_mall()


@pytest.fixture
async def registers(place: Place) -> int:
    return await make_register_set(place.company_id)

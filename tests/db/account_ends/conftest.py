"""The place whose account ends."""

import pytest

from tests.db.exchanges import PRICE
from tests.factories import Place, make_place


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(price=PRICE)

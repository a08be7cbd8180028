"""The place whose books are written."""

from decimal import Decimal

import pytest

from tests.factories import Place, make_place


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(meters=2, price=Decimal("2.5"))

"""The place whose books are told."""

from decimal import Decimal

import pytest

from tests.api.web import Web
from tests.factories import Place, make_place


@pytest.fixture
async def place(web: Web) -> Place:
    return await make_place(meters=2, price=Decimal("2.5"))

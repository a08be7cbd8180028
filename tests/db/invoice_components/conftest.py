"""Fixtures of what is here."""

import pytest

from tests.db.invoicing import make_postpaid
from tests.factories import Place


@pytest.fixture
async def place(room: None) -> Place:
    return await make_postpaid()

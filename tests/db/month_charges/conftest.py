import pytest

from tests.db.month_charges.world import make_monthly
from tests.factories import Place


@pytest.fixture
async def place(room: None) -> Place:
    return await make_monthly()

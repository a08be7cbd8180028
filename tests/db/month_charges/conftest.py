import pytest

from db.settings import Urls
from tests.db.invoicing import make_partitions
from tests.db.month_charges.world import make_monthly
from tests.factories import Place


@pytest.fixture
async def room(connected: None, database: Urls) -> None:
    """Make room for readings from January to April 2026."""
    await make_partitions(database.owner)


@pytest.fixture
async def place(room: None) -> Place:
    return await make_monthly()

"""Fixtures of what is here."""

import pytest

from db.settings import Urls
from tests.db.invoicing import make_partitions, make_postpaid
from tests.factories import Place, make_register_set


@pytest.fixture
async def months(connected: None, database: Urls) -> None:
    await make_partitions(database.owner)


@pytest.fixture
async def place(months: None) -> Place:
    """Lend a company whose account pays later, at one flat price."""
    return await make_postpaid()


@pytest.fixture
async def registers(place: Place) -> int:
    return await make_register_set(place.company_id)

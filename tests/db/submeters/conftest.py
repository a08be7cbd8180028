"""The mall, whose one account pays net of what is measured below."""

from dataclasses import replace

import pytest

from tests.db.submetered import make_mall, open_mall
from tests.factories import Place, Supply, add_supply


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_mall()


@pytest.fixture
async def mall(place: Place) -> Supply:
    supply = await add_supply(place, with_account=False)
    return replace(supply, account_id=await open_mall(place, supply))

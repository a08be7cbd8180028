"""A release that nets nothing is not gone back to while tariffs net."""

import asyncpg
import pytest

from db.migrate import migrate
from db.settings import Urls
from tests.db.month_charges.exporting import make_exporting

BEFORE = "wattledger.m0034_load_profiles"
IS_THERE = """
    select exists (select from information_schema.columns
        where table_name = 'month_verdict' and column_name = 'netting')
"""


async def test_nobody_goes_back_while_a_tariff_nets(room: None, database: Urls) -> None:
    await make_exporting()

    with pytest.raises(asyncpg.RaiseError, match="tariffs net what the release before cannot"):
        await migrate(database.owner, target=BEFORE)

    owner = await asyncpg.connect(database.owner)
    try:
        assert await owner.fetchval(IS_THERE) is True
    finally:
        await owner.close()

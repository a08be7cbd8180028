"""Each day of load profiles is a table, and there are years of them."""

from datetime import timedelta

import pytest

from db import access
from domain import partitions
from domain.profiles.queries import told_in
from domain.readings import operations as readings
from tests.db.load_profiles.told import told
from tests.factories import NOW, make_place

START = NOW - timedelta(hours=6)
OPENED = """
    select count(distinct l.relation) from pg_locks l join pg_inherits i on i.inhrelid = l.relation
    where l.pid = pg_backend_pid() and i.inhparent = 'load_interval'::regclass
"""

pytestmark = pytest.mark.usefixtures("connected")


async def test_days_that_a_profile_does_not_touch_are_not_opened() -> None:
    place = await make_place()
    await partitions.maintain(now=NOW)

    async with access.system() as connection:
        await readings.store(connection, [], profile=told(place, START, 10, 20), now=NOW)
        await told_in(
            connection,
            company_id=place.company_id,
            meter_id=place.supplies[0].meter_id,
            start=START,
            end=NOW,
        )
        opened = await connection.fetchval(OPENED)

    # Of the day, and of one or two before it.
    assert opened == 3

"""Each day of readings is a table, and there are years of them."""

from datetime import datetime, timedelta

import pytest

from db import access
from domain import partitions
from domain.billing.indexes import NEAR, anchors
from tests.factories import NOW, make_place

LATE = NOW - timedelta(hours=6)
FAR_BEFORE = LATE - NEAR - timedelta(days=2)
OPENED = """
    select count(distinct l.relation) from pg_locks l join pg_inherits i on i.inhrelid = l.relation
    where l.pid = pg_backend_pid() and i.inhparent = 'reading'::regclass
"""

pytestmark = pytest.mark.usefixtures("connected")


@pytest.mark.parametrize(
    ("opened_at", "days"),
    [
        pytest.param(LATE - timedelta(days=1), NEAR.days + 3, id="soon after the one before"),
        pytest.param(FAR_BEFORE, 103, id="after a long silence"),
    ],
)
async def test_no_more_days_are_opened_than_the_next_indexes_are_away(
    opened_at: datetime, days: int
) -> None:
    place = await make_place(opened_at=opened_at)
    await partitions.maintain(now=NOW)

    async with access.system() as connection:
        found = await anchors(
            connection,
            company_id=place.company_id,
            meter_id=place.supplies[0].meter_id,
            from_at=LATE,
            until_at=LATE,
        )
        opened = await connection.fetchval(OPENED)

    assert [one.at for one in found] == [opened_at]
    # That of the instant and the two after it count as well.
    assert opened == days

"""Points that were below others before anything was deducted: deducted from then on, not before."""

import asyncpg
import pytest

from db.migrate import migrate
from db.settings import Urls
from tests.db.submetered import make_mall
from tests.factories import NOW, add_supply

BEFORE = "wattledger.m0024_invoices"


@pytest.mark.usefixtures("connected")
async def test_parents_of_before_hold_from_after_what_is_charged(database: Urls) -> None:
    place = await make_mall()
    mall = await add_supply(place)
    shop = await add_supply(place, parent_id=mall.point_id)
    owner = await asyncpg.connect(database.owner)
    try:
        await migrate(database.owner, target=BEFORE)
        await owner.execute("update billing_state set billed_at = $1", NOW)
        await owner.execute("update billing_state set terms_until = 'infinity'")

        await migrate(database.owner)

        parents = await owner.fetch(
            "select point_id, parent_id, ends_at, starts_at > $1 as is_later from point_parent", NOW
        )
        leaving = await owner.fetch(
            "select meter_id from billing_state where terms_until = $1", NOW
        )
    finally:
        await owner.close()
    assert [tuple(row.values()) for row in parents] == [(shop.point_id, mall.point_id, None, True)]
    assert [row["meter_id"] for row in leaving] == [shop.meter_id]

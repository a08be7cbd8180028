"""Subscribers are told when their supply is confirmed off, and when it is back."""

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from db import access
from db.enums import Supply
from db.ids import MeterId
from domain.supply.confirming import confirm
from tests.factories import NOW, Place, add_supply, make_place

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place()


async def confirmed(
    place: Place, supply: Supply, at: datetime = NOW, *, meter_id: MeterId | None = None
) -> bool:
    async with access.tenant(place.company_id) as connection:
        return await confirm(
            connection,
            company_id=place.company_id,
            meter_id=meter_id or place.supplies[0].meter_id,
            supply=supply,
            confirmed_at=at,
            now=NOW + timedelta(hours=1),
        )


async def told() -> list[tuple[str, dict[str, Any]]]:
    async with access.system() as connection:
        rows = await connection.fetch("select kind, account_id, facts from message order by id")
    return [(row["kind"], orjson.loads(row["facts"])) for row in rows]


async def supply_of(place: Place) -> tuple[str, datetime | None]:
    row = await access.read_row(
        "select supply, supply_confirmed_at from meter where id = $1", place.supplies[0].meter_id
    )
    assert row is not None
    return row["supply"], row["supply_confirmed_at"]


async def test_who_pays_is_told_once_of_a_cut_and_once_of_its_end(place: Place) -> None:
    changes = [
        await confirmed(place, Supply.OFF, NOW),
        await confirmed(place, Supply.OFF, NOW + MINUTE),
        await confirmed(place, Supply.ON, NOW + 2 * MINUTE),
        await confirmed(place, Supply.ON, NOW + 2 * MINUTE),
    ]

    (_, cut), (_, back) = found = await told()
    assert changes == [True, False, True, False]
    assert [kind for kind, _ in found] == ["CUT_OFF", "RECONNECTION"]
    assert (cut["at"], back["at"]) == (NOW.isoformat(), (NOW + 2 * MINUTE).isoformat())
    assert cut["smallest_top_up"] == {"amount": "1.000000", "currency": "TRY"}
    assert not back["needs_button"]
    assert await supply_of(place) == ("ON", NOW + 2 * MINUTE)


async def test_what_was_confirmed_before_changes_nothing(place: Place) -> None:
    await confirmed(place, Supply.ON, NOW)

    late = await confirmed(place, Supply.OFF, NOW - MINUTE)

    assert not late
    assert await supply_of(place) == ("ON", NOW)
    assert await told() == []


async def test_that_supply_is_on_as_it_was_is_no_news(place: Place) -> None:
    assert await confirmed(place, Supply.ON)

    assert await told() == []


async def test_an_account_with_another_meter_that_is_on_is_not_without_supply(place: Place) -> None:
    second = await add_supply(place, premises_id=place.supplies[0].premises_id, with_account=False)
    async with access.system() as connection:
        await connection.execute(
            "insert into account_point (company_id, account_id, point_id, started_at,"
            " opening_index_wh) values ($1, $2, $3, $4, 0)",
            place.company_id,
            place.supplies[0].account_id,
            second.point_id,
            NOW,
        )

    await confirmed(place, Supply.OFF)
    first = await told()
    await confirmed(place, Supply.OFF, meter_id=second.meter_id)

    assert first == []
    assert [kind for kind, _ in await told()] == ["CUT_OFF"]


async def test_a_meter_that_nobody_pays_for_tells_nobody(place: Place) -> None:
    vacant = await add_supply(place, with_account=False)

    assert await confirmed(place, Supply.OFF, meter_id=vacant.meter_id)

    assert await told() == []

"""What a query does not see comes after its cursor."""

from datetime import timedelta

from db import access
from domain.outbox import Cursor, read_since
from domain.readings import operations as readings
from tests.api.web import Web
from tests.factories import NOW, make_place, make_read, make_register_set
from tests.outbox_rows import others_have_ended


async def test_what_happens_after_a_query_comes_after_its_cursor(web: Web) -> None:
    place = await make_place()
    user = await web.user(place.company_id)
    register_set_id = await make_register_set(place.company_id)

    answer = await web.ask(
        "{ meters { nodes { registers { quantity { value } } } } liveCursor }", user
    )
    async with access.system() as connection:
        read = make_read(place, register_set_id, NOW - timedelta(hours=1), 5)
        await readings.store(connection, [read], now=NOW)

    await others_have_ended()
    cursor = Cursor.parse(answer.data["liveCursor"])
    async with access.system() as connection:
        rows = await read_since(connection, cursor, company_id=place.company_id)
    assert [row.topic for row in rows if row.meter_ids == [place.supplies[0].meter_id]]


async def test_a_cursor_needs_a_caller(web: Web) -> None:
    answer = await web.ask("{ liveCursor }")

    assert answer.errors == [("UNAUTHENTICATED", ["liveCursor"])]

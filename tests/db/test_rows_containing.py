"""Searching looks at so many texts at most, and the text itself is always among them."""

from db import access
from domain.hierarchy import branches
from tests.factories import make_place

ROWS = "select letters from rows_containing('branch.name', 'east', false, $1)"


async def test_the_shortest_texts_are_looked_at(connected: None) -> None:
    place = await make_place(meters=0)
    for name in ("North East", "Eastern", "East", "South East"):
        await branches.create(company_id=place.company_id, name=name)

    async with access.tenant(place.company_id) as connection:
        some = [row["letters"] for row in await connection.fetch(ROWS, 2)]
        everything = {row["letters"] for row in await connection.fetch(ROWS, None)}

    assert some == ["east", "eastern"]
    assert everything == {"east", "eastern", "north east", "south east"}

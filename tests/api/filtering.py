"""Looking for meters with filters."""

from collections.abc import Mapping
from typing import Any

from tests.api.web import User, Web
from tests.factories import Place

METERS = """
    query ($where: MeterWhereInput) { meters(where: $where) { nodes { serial } totalCount } }
"""
Where = Mapping[str, Any]


async def found(web: Web, user: User, place: Place, where: Where) -> list[int]:
    """Return the numbers of the place's meters that are found, and check their count."""
    meters = (await web.ask(METERS, user, where=where)).data["meters"]
    serials = [supply.serial for supply in place.supplies]
    assert meters["totalCount"] == len(meters["nodes"])
    return [serials.index(node["serial"]) for node in meters["nodes"]]

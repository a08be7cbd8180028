"""Subscribers to be managed, and what is told of them."""

from typing import Any

from api.global_ids import encode
from db import access
from tests.factories import Place

ERASE = """
mutation ($input: EraseSubscriberInput!) {
  eraseSubscriber(input: $input) {
    subscriber { reference name phone erasedAt erasureReason accounts { totalCount } }
    userErrors { code path }
  }
}
"""


def erased(place: Place) -> dict[str, Any]:
    return {"id": encode("Subscriber", place.subscriber_id), "reason": "REQUESTED"}


async def fetch(query: str) -> list[dict[str, Any]]:
    async with access.system() as connection:
        return [dict(row) for row in await connection.fetch(query)]


async def reads() -> list[int]:
    return [
        row["object_id"]
        for row in await fetch("select object_id from daily_entry where kind = 'READ'")
    ]

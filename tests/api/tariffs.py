"""Prices as they are proposed over GraphQL, and what is kept of them."""

from datetime import timedelta
from typing import Any

from api.global_ids import encode
from db import access
from tests.factories import NOW, Place

PROPOSE = """
mutation ($input: ProposeTariffVersionInput!) {
  proposeTariffVersion(input: $input) {
    tariffVersion { id state validFrom } userErrors { code path }
  }
}
"""
DAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY", "SPECIAL"]


def band(name: str, price: str, register: str | None, hours: tuple[int, int]) -> dict[str, Any]:
    window = {"days": DAYS, "fromMinute": hours[0] * 60, "untilMinute": hours[1] * 60}
    return {"name": name, "price": price, "register": register, "windows": [window]}


BANDS = [
    band("T1", "2", "1.8.1", (6, 17)),
    band("T2", "3.5", "1.8.2", (17, 22)),
    band("T3", "1", None, (22, 6)),
]
FLAT = {"components": [{"name": "E", "kind": "ENERGY", "register": "1.8.0", "price": "2.75"}]}


def proposal(place: Place, prices: dict[str, Any], *, days: int = 1) -> dict[str, Any]:
    return {
        "tariffId": encode("Tariff", place.tariff_id),
        "validFrom": (NOW + timedelta(days=days)).isoformat(),
        "prices": prices,
    }


async def versions(place: Place) -> list[str]:
    async with access.tenant(place.company_id) as connection:
        rows = await connection.fetch(
            "select state from tariff_version where company_id = $1 order by id", place.company_id
        )
    return [row["state"] for row in rows]

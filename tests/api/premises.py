"""Premises and metering points to be managed."""

from typing import Any

from api.global_ids import encode
from db import access
from db.ids import FieldId
from domain.hierarchy import branches, fields
from tests.factories import Place

CREATE_POINT = """
mutation ($input: CreateMeteringPointInput!) {
  createMeteringPoint(input: $input) {
    meteringPoint { id code role active premises { id } parent { id } } userErrors { code path }
  }
}
"""
UPDATE_POINT = """
mutation ($input: UpdateMeteringPointInput!) {
  updateMeteringPoint(input: $input) {
    meteringPoint { code role parent { id } version } userErrors { code path }
  }
}
"""


async def other_field(place: Place) -> FieldId:
    branch_id = await branches.create(company_id=place.company_id, name="South")
    return await fields.create(company_id=place.company_id, branch_id=branch_id, name="Harbour")


async def count(table: str) -> int:
    async with access.system() as connection:
        return int(await connection.fetchval(f"select count(*) from {table}"))


def of_point(place: Place, number: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "id": encode("MeteringPoint", place.supplies[number].point_id),
        "expectedVersion": 1,
        **changes,
    }

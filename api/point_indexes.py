"""Indexes of metering points as inputs give them."""

from collections.abc import Sequence

import strawberry

from api.context import Info
from api.errors import BadUserInput
from api.mutations import seen
from api.schema.premises import MeteringPoint
from api.schema.scalars import Kwh, wh
from db.ids import PointId
from domain.accounts.assignments import POINTS_MAX


async def point_indexes(
    info: Info, given: Sequence[tuple[strawberry.ID, Kwh]]
) -> dict[PointId, int]:
    """Return indexes in Wh by point, in the order in which they were given.

    :raises BadUserInput: there are too many, or one comes twice
    """
    if len(given) > POINTS_MAX:
        raise BadUserInput("input.points", f"expected at most {POINTS_MAX}")
    indexes: dict[PointId, int] = {}
    for point, index in given:
        point_id = await seen(info, MeteringPoint, point, argument="input.points.meteringPointId")
        indexes[PointId(point_id)] = wh(index)
    if len(indexes) < len(given):
        raise BadUserInput("input.points", "expected each metering point once")
    return indexes

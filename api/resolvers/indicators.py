"""Reading indicators."""

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

import strawberry

from api.context import Info
from api.errors import BadUserInput, TooComplex
from api.permissions.requires import requires
from api.schema.indicators import IndicatorGroup
from api.schema.readings import TimeRangeInput
from db.enums import Scope
from domain.analytics.queries import CELLS_MAX, TooManyCells, indicators
from domain.analytics.rules import IndicatorGrouping, IndicatorResolution, TooManyBuckets, edges
from domain.billing.queries import company_zone

BUCKETS_MAX = 400

InRange = Annotated[
    TimeRangeInput,
    strawberry.argument(
        description="Which time; the buckets that it touches are told as a whole, by the company's"
        f" time zone. At most {BUCKETS_MAX}."
    ),
]
By = Annotated[IndicatorGrouping, strawberry.argument(description="What each group is.")]
Size = Annotated[IndicatorResolution, strawberry.argument(description="How long a bucket is.")]


@strawberry.type
class IndicatorQuery:
    @strawberry.field(
        description="Payments, energy and standings of the company, its branches or its fields.",
        extensions=[requires(Scope.BALANCES_READ)],
    )
    async def indicators(
        self,
        info: Info,
        range: InRange,
        by: By,
        resolution: Size,
    ) -> list[IndicatorGroup] | None:
        range.check()
        reach = info.context.loaders.reach
        async with reach.connection() as connection:
            zone = await company_zone(connection, reach.caller.company_id)
            asked = _edges(range, resolution, zone)
            try:
                groups = await indicators(connection, asked, by=by, wall=reach.wall)
            except TooManyCells as error:
                raise TooComplex(
                    f"{error.cells} buckets are asked for; at most {CELLS_MAX} may be.",
                    limit=CELLS_MAX,
                    asked=error.cells,
                ) from error
        return [IndicatorGroup.of(group, by=by, zone=zone) for group in groups]


def _edges(span: TimeRangeInput, size: IndicatorResolution, zone: ZoneInfo) -> list[date]:
    if span.time_zone not in (None, zone.key):
        raise BadUserInput("range.timeZone", f"expected none, or the company's: {zone.key}")
    try:
        return edges(span.from_, span.to, size=size, zone=zone, buckets_max=BUCKETS_MAX)
    except TooManyBuckets as error:
        expected = f"expected at most {BUCKETS_MAX} buckets; take a shorter range"
        raise BadUserInput("range", expected) from error

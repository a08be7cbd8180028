"""Looking at raw frames."""

from datetime import timedelta
from typing import Annotated

import strawberry

from api.context import Info
from api.errors import BadUserInput
from api.permissions.requires import requires
from api.schema.frames import RawFrame
from api.schema.paging import Connection, Paged
from api.schema.readings import TimeRangeInput
from api.schema.relations import behind
from db.enums import Scope
from domain.frames.listings import RAW_FRAMES, in_review, received
from domain.listing import Window

# Frames lie in daily partitions: two are looked at in no time, a fortnight of them is not.
RANGE_MAX = timedelta(days=2)

Range = Annotated[
    TimeRangeInput, strawberry.argument(description="When they were received; at most two days.")
]


async def _raw_frames(info: Info, window: Window, range: Range) -> Connection[RawFrame]:
    if range.to - range.from_ > RANGE_MAX:
        raise BadUserInput("range", f"expected at most {RANGE_MAX.days} days")
    wall = received(info.context.loaders.reach.wall, start=range.from_, end=range.to)
    found: Connection[RawFrame] = await behind(wall, RAW_FRAMES, info, window)
    return found


async def _review_frames(info: Info, window: Window) -> Connection[RawFrame]:
    wall = in_review(info.context.loaders.reach.wall)
    found: Connection[RawFrame] = await behind(wall, RAW_FRAMES, info, window)
    return found


@strawberry.type
class FrameQuery:
    raw_frames: Connection[RawFrame] | None = strawberry.field(
        resolver=_raw_frames,
        description="Frames that were received in a time, the newest first.",
        extensions=[Paged(RAW_FRAMES), requires(Scope.FRAMES_READ)],
    )
    review_frames: Connection[RawFrame] | None = strawberry.field(
        resolver=_review_frames,
        description="Frames that somebody has to look at, the newest first.",
        extensions=[Paged(RAW_FRAMES), requires(Scope.FRAMES_READ)],
    )

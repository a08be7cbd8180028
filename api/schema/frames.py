"""Raw frames: the bytes that collectors delivered, and what became of them."""

import base64
from typing import Self

import strawberry

from api.context import Info
from api.permissions.requires import requires
from api.schema.devices import Collector
from api.schema.node import Node
from api.schema.relations import belongs_to
from api.schema.scalars import DateTime
from db.enums import MatchStatus, Scope
from domain.frames.listings import RAW_FRAMES
from domain.hierarchy.queries import COLLECTORS

SHOWN_BYTES_MAX = 65_536


@strawberry.type(description="A frame's bytes, as they were delivered.")
class FrameBody:
    base64: str = strawberry.field(description="The bytes, or the first 65,536 of them.")
    size: int = strawberry.field(description="How many there are.")
    is_truncated: bool = strawberry.field(description="Whether there are more than are shown.")

    @classmethod
    def of(cls, body: bytes) -> Self:
        return cls(
            base64=base64.b64encode(body[:SHOWN_BYTES_MAX]).decode(),
            size=len(body),
            is_truncated=len(body) > SHOWN_BYTES_MAX,
        )


@strawberry.type(description="Bytes that a collector delivered.")
class RawFrame(Node, listing=RAW_FRAMES, scope=Scope.FRAMES_READ):
    received_at: DateTime = strawberry.field(description="When they reached us.")
    function: str = strawberry.field(description="What they are about, as the collector says.")
    reference_id: str = strawberry.field(description="What the collector calls their message.")
    packet: int = strawberry.field(description="Their place in the message.")
    status: MatchStatus = strawberry.field(description="What became of them.")
    reason: str | None = strawberry.field(description="Why they are in review, if they are.")
    detail: str | None = strawberry.field(description="More about that, for people.")
    meter_serial: str | None = strawberry.field(
        description="Of the meter that they wait for, if they wait for one."
    )
    collector: Collector | None = belongs_to(
        COLLECTORS, "collector_id", "What delivered them.", scope=Scope.COMPANY_READ
    )

    @strawberry.field(
        description="The bytes themselves; null once their retention has passed.",
        extensions=[requires(Scope.FRAMES_READ)],
    )
    async def body(self, info: Info) -> FrameBody | None:
        body = await info.context.loaders.frame_body.load(self.row_id)
        return None if body is None else FrameBody.of(body)

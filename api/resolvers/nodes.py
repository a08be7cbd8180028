"""Finding objects by their ids."""

import asyncio
from typing import Annotated, Any

import strawberry

from api.context import Info
from api.errors import BadUserInput, NotFound, Refusal
from api.permissions.requires import require, signed_in
from api.schema.node import Node, decoded

IDS_MAX = 100


@strawberry.type
class NodeQuery:
    @strawberry.field(
        description="The object with an id; what another company has is not found.",
        extensions=[signed_in()],
    )
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The id.")],
    ) -> Node | None:
        kind, row_id = decoded(id, argument="id")
        found = await _found(info, kind, row_id)
        if isinstance(found, Refusal):
            raise found
        return found

    @strawberry.field(
        description="The objects with these ids, in their order; what is not found is null.",
        extensions=[signed_in()],
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID], strawberry.argument(description=f"The ids, at most {IDS_MAX}.")
        ],
    ) -> list[Node | None] | None:
        if len(ids) > IDS_MAX:
            raise BadUserInput("ids", f"expected at most {IDS_MAX}")
        wanted = [decoded(one, argument="ids") for one in ids]
        # A refusal within the list becomes the error of its own element.
        found: list[Any] = await asyncio.gather(*(_found(info, *one) for one in wanted))
        return found


async def _found(info: Info, kind: type[Node], row_id: int) -> Node | Refusal:
    try:
        require(kind.scope, info.context.caller)
    except Refusal as refusal:
        return refusal
    row = await info.context.loaders.row(kind.listing).load(row_id)
    return NotFound() if row is None else kind.of(row)

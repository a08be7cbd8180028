"""Which devices are silent, failing or late."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from api.context import Info
from api.permissions.requires import requires
from api.schema.devices import Collector, RfModule
from api.schema.paging import Connection, Paged
from api.schema.relations import behind
from db.enums import Health, Scope
from domain.hierarchy.health import in_states
from domain.hierarchy.queries import COLLECTORS, RF_MODULES
from domain.listing import Listing, Window

States = Annotated[
    list[Health], strawberry.argument(description="Those that do in one of these ways.")
]


async def _rf_modules(info: Info, window: Window, health: States) -> Connection[RfModule]:
    return await _in_states(RF_MODULES, info, window, health)


async def _collectors(info: Info, window: Window, health: States) -> Connection[Collector]:
    return await _in_states(COLLECTORS, info, window, health)


async def _in_states(
    rows: Listing, info: Info, window: Window, states: Sequence[Health]
) -> Connection[Any]:
    found: Connection[Any] = await behind(
        in_states(info.context.loaders.reach.wall, list(states)), rows, info, window
    )
    return found


@strawberry.type
class HealthQuery:
    rf_modules_by_health: Connection[RfModule] | None = strawberry.field(
        resolver=_rf_modules,
        description="Active RF modules that do so, by serial.",
        extensions=[Paged(RF_MODULES), requires(Scope.COMPANY_READ)],
    )
    collectors_by_health: Connection[Collector] | None = strawberry.field(
        resolver=_collectors,
        description="Active collectors that do so, by serial.",
        extensions=[Paged(COLLECTORS), requires(Scope.COMPANY_READ)],
    )

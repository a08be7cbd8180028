"""Where fields and devices were: one stay after the other."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from api.schema.node import Node
from api.schema.relations import belongs_to
from api.schema.scalars import DateTime
from db.enums import Scope
from domain.hierarchy.queries import (
    BRANCHES,
    COLLECTOR_PLACEMENTS,
    COLLECTORS,
    FIELD_PLACEMENTS,
    FIELDS,
    METER_PLACEMENTS,
    RF_MODULE_PLACEMENTS,
    RF_MODULES,
)

if TYPE_CHECKING:
    from api.schema.companies import Branch, Field
    from api.schema.devices import Collector, RfModule

LazyBranch = Annotated["Branch", strawberry.lazy("api.schema.companies")]
LazyField = Annotated["Field", strawberry.lazy("api.schema.companies")]
LazyCollector = Annotated["Collector", strawberry.lazy("api.schema.devices")]
LazyRfModule = Annotated["RfModule", strawberry.lazy("api.schema.devices")]

STARTED = "When it began; null: since it was added."
ENDED = "When it ended; null while it lasts."


@strawberry.type(description="A field's stay with a branch.")
class FieldPlacement(Node, listing=FIELD_PLACEMENTS, scope=Scope.COMPANY_READ):
    started_at: DateTime | None = strawberry.field(description=STARTED)
    ended_at: DateTime | None = strawberry.field(description=ENDED)
    branch: LazyBranch | None = belongs_to(
        BRANCHES, "branch_id", "The branch.", scope=Scope.COMPANY_READ
    )


@strawberry.type(description="A collector's stay in a field.")
class CollectorPlacement(Node, listing=COLLECTOR_PLACEMENTS, scope=Scope.COMPANY_READ):
    started_at: DateTime | None = strawberry.field(description=STARTED)
    ended_at: DateTime | None = strawberry.field(description=ENDED)
    field: LazyField | None = belongs_to(FIELDS, "field_id", "The field.", scope=Scope.COMPANY_READ)


@strawberry.type(description="An RF module's stay behind a collector.")
class RfModulePlacement(Node, listing=RF_MODULE_PLACEMENTS, scope=Scope.COMPANY_READ):
    started_at: DateTime | None = strawberry.field(description=STARTED)
    ended_at: DateTime | None = strawberry.field(description=ENDED)
    collector: LazyCollector | None = belongs_to(
        COLLECTORS, "collector_id", "The collector.", scope=Scope.COMPANY_READ
    )


@strawberry.type(description="A meter's stay behind an RF module.")
class MeterPlacement(Node, listing=METER_PLACEMENTS, scope=Scope.COMPANY_READ):
    started_at: DateTime | None = strawberry.field(description=STARTED)
    ended_at: DateTime | None = strawberry.field(description=ENDED)
    rf_module: LazyRfModule | None = belongs_to(
        RF_MODULES, "rf_module_id", "The RF module.", scope=Scope.COMPANY_READ
    )

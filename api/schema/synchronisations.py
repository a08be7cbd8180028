"""Records of devices being in step."""

import strawberry

from api.schema.node import Node
from api.schema.scalars import DateTime
from db.enums import Scope, SynchronisationKind, SynchronisationOutcome
from domain.hierarchy.queries import SYNCHRONISATIONS


@strawberry.type(description="What was found when a device was, or was not, in step.")
class Synchronisation(Node, listing=SYNCHRONISATIONS, scope=Scope.COMPANY_READ):
    at: DateTime = strawberry.field(description="When it was found.")
    kind: SynchronisationKind = strawberry.field(description="What it is about.")
    outcome: SynchronisationOutcome = strawberry.field(description="Whether it was in step.")
    detail: str | None = strawberry.field(description="More about it, for people.")

    @strawberry.field(description="The device's clock less ours, in milliseconds.")
    def deviation_milliseconds(self) -> float | None:
        deviation_ms: int | None = self.row["deviation_ms"]
        return deviation_ms

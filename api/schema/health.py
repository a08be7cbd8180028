"""How the devices of a field do."""

from collections.abc import Mapping
from typing import Self

import strawberry

from db.enums import Health
from domain.hierarchy import health


@strawberry.type(description="How many active devices do how, by their own periods.")
class HealthCounts:
    silent: int = strawberry.field(description="Nothing for more than three periods.")
    failing: int = strawberry.field(description="With an error, or found out of step last.")
    late: int = strawberry.field(description="Nothing for more than one and a half periods.")
    healthy: int = strawberry.field(description="All others.")

    @classmethod
    def of(cls, counts: Mapping[Health, int]) -> Self:
        return cls(**{state.value.lower(): counts.get(state, 0) for state in Health})


@strawberry.type(description="How the devices of a field do.")
class FieldHealth:
    collectors: HealthCounts = strawberry.field(description="Its collectors.")
    rf_modules: HealthCounts = strawberry.field(description="Its RF modules.")

    @classmethod
    def of(cls, found: health.FieldHealth) -> Self:
        return cls(
            collectors=HealthCounts.of(found.collectors),
            rf_modules=HealthCounts.of(found.rf_modules),
        )

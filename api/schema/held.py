"""Readings and intervals that wait for a person: nothing is charged by them."""

from decimal import Decimal

import strawberry

from api.schema.meters import Meter
from api.schema.node import Node
from api.schema.readings import Quantity, RegisterValue
from api.schema.relations import belongs_to
from api.schema.scalars import DateTime, ExactNumber
from db.enums import MeasuringSide, ProfileKind, Scope, ValidationRule
from domain.hierarchy.queries import METERS
from domain.profiles.held import HELD_INTERVALS, INTERVAL_CONFLICTS
from domain.profiles.rules import THOUSANDTHS
from domain.readings import queries
from domain.readings.held import HELD_READINGS, READING_CONFLICTS


def _of_meter(description: str) -> Meter | None:
    found: Meter | None = belongs_to(METERS, "meter_id", description, scope=Scope.METERS_READ)
    return found


def _registers(root: Node) -> list[RegisterValue]:
    return [RegisterValue.of(register) for register in queries.registers_of(root.row)]


def _value(root: Node) -> Quantity:
    return Quantity(
        value=ExactNumber(Decimal(root.row["value"]) / THOUSANDTHS),
        unit=root.row["unit"],
        side=MeasuringSide.SECONDARY,
    )


def _is_index(root: Node) -> bool:
    return bool(root.row["kind"] == ProfileKind.INDEX)


@strawberry.type(description="A reading that a rule keeps out until a person decides.")
class HeldReading(Node, listing=HELD_READINGS, scope=Scope.READINGS_READ):
    read_at: DateTime = strawberry.field(description="When it was taken, by its own date.")
    received_at: DateTime = strawberry.field(description="When it reached us first.")
    rule: ValidationRule = strawberry.field(description="The rule that it breaks.")
    detail: str = strawberry.field(description="More about that, for people.")
    registers: list[RegisterValue] = strawberry.field(
        resolver=_registers, description="The values."
    )
    meter: Meter | None = _of_meter("The meter that told it.")


@strawberry.type(description="Other values for a reading that stands: that one counts.")
class ReadingConflict(Node, listing=READING_CONFLICTS, scope=Scope.READINGS_READ):
    read_at: DateTime = strawberry.field(description="When both were taken.")
    received_at: DateTime = strawberry.field(description="When the other one reached us.")
    registers: list[RegisterValue] = strawberry.field(
        resolver=_registers, description="The values that do not count."
    )
    meter: Meter | None = _of_meter("The meter that told both.")


@strawberry.type(
    description="An interval of a load profile that a rule keeps out until a person decides."
)
class HeldInterval(Node, listing=HELD_INTERVALS, scope=Scope.READINGS_READ):
    channel: str = strawberry.field(description="The channel's OBIS code: `1.5.0`.")
    starts_at: DateTime = strawberry.field(description="When it begins, inclusive.")
    ends_at: DateTime = strawberry.field(description="When it ends, exclusive.")
    received_at: DateTime = strawberry.field(description="When it reached us first.")
    rule: ValidationRule = strawberry.field(description="The rule that it breaks.")
    detail: str = strawberry.field(description="More about that, for people.")
    status: str = strawberry.field(description="What the meter says of it, as it printed it.")
    value: Quantity = strawberry.field(
        resolver=_value, description="The energy, or the index at its end."
    )
    is_index: bool = strawberry.field(
        resolver=_is_index, description="Whether the value is the index at its end."
    )
    meter: Meter | None = _of_meter("The meter that told it.")


@strawberry.type(
    description="An interval of a load profile that says otherwise than one that stands, or that"
    " overlaps one: that one counts."
)
class IntervalConflict(Node, listing=INTERVAL_CONFLICTS, scope=Scope.READINGS_READ):
    channel: str = strawberry.field(description="The channel's OBIS code: `1.5.0`.")
    starts_at: DateTime = strawberry.field(description="When it begins, inclusive.")
    ends_at: DateTime = strawberry.field(description="When it ends, exclusive.")
    received_at: DateTime = strawberry.field(description="When it reached us.")
    status: str = strawberry.field(description="What the meter says of it, as it printed it.")
    value: Quantity = strawberry.field(
        resolver=_value, description="The energy that does not count, or the index at its end."
    )
    is_index: bool = strawberry.field(
        resolver=_is_index, description="Whether the value is the index at its end."
    )
    meter: Meter | None = _of_meter("The meter that told it.")

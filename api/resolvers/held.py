"""Looking at readings and intervals that wait for a person."""

import strawberry

from api.schema.held import HeldInterval, HeldReading, IntervalConflict, ReadingConflict
from api.schema.paging import Connection
from api.schema.relations import listed
from db.enums import Scope
from domain.profiles.held import HELD_INTERVALS, INTERVAL_CONFLICTS
from domain.readings.held import HELD_READINGS, READING_CONFLICTS


@strawberry.type
class HeldQuery:
    held_readings: Connection[HeldReading] | None = listed(
        HELD_READINGS,
        "Readings that a rule keeps out, the latest received first.",
        scope=Scope.READINGS_READ,
    )
    reading_conflicts: Connection[ReadingConflict] | None = listed(
        READING_CONFLICTS,
        "What was told otherwise than readings that stand, the latest received first.",
        scope=Scope.READINGS_READ,
    )
    held_intervals: Connection[HeldInterval] | None = listed(
        HELD_INTERVALS,
        "Intervals of load profiles that a rule keeps out, the latest received first.",
        scope=Scope.READINGS_READ,
    )
    interval_conflicts: Connection[IntervalConflict] | None = listed(
        INTERVAL_CONFLICTS,
        "Intervals that say otherwise than load profiles that stand, the latest received first.",
        scope=Scope.READINGS_READ,
    )

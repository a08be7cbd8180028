"""Load profiles: intervals or buckets, what is missing, and whether they add up."""

from typing import Self

import strawberry

from api.profile_spans import ProfileSeries
from api.schema.readings import Quantity
from api.schema.scalars import DateTime, ExactNumber, Kwh, TimeZone, kwh
from api.spans import Resolution, Span
from db.enums import MeasuringSide, ValidationRule
from domain.profiles.series import Bucket
from domain.tariffs import flows
from domain.tariffs.courses import Contradiction


@strawberry.type(description="A stretch of time.")
class TimeSpan:
    start: DateTime = strawberry.field(description="When it begins, inclusive.")
    end: DateTime = strawberry.field(description="When it ends, exclusive.")

    @classmethod
    def of(cls, span: flows.Span) -> Self:
        return cls(start=DateTime(span.starts_at), end=DateTime(span.ends_at))


@strawberry.type(description="What a load profile tells of an interval, an hour or a day.")
class LoadProfileBucket:
    start: DateTime = strawberry.field(description="When it begins, inclusive.")
    end: DateTime = strawberry.field(description="When it ends, exclusive.")
    energy: Quantity | None = strawberry.field(
        description="The energy, before any transformer's multiplier, also where the meter tells"
        " power; null when nothing is told."
    )
    is_complete: bool = strawberry.field(description="Whether none of its intervals is missing.")

    @classmethod
    def of(cls, bucket: Bucket, unit: str) -> Self:
        energy = None
        if bucket.energy is not None:
            energy = Quantity(
                value=ExactNumber(bucket.energy), unit=unit, side=MeasuringSide.SECONDARY
            )
        return cls(
            start=DateTime(bucket.span.starts_at),
            end=DateTime(bucket.span.ends_at),
            energy=energy,
            is_complete=bucket.is_complete,
        )


@strawberry.type(description="The load profile of a meter over a span of time, as one series.")
class LoadProfile:
    resolution: Resolution = strawberry.field(description="How finely it is told.")
    time_zone: TimeZone = strawberry.field(description="Whose hours and days are meant.")
    buckets: list[LoadProfileBucket] = strawberry.field(
        description="With RAW, the intervals that begin in the span; else its hours or days,"
        " oldest first."
    )
    missing: list[TimeSpan] = strawberry.field(
        description="What nothing is told of, by time; none of it is still to come."
    )

    @classmethod
    def of(cls, series: ProfileSeries, span: Span) -> Self:
        return cls(
            resolution=span.resolution,
            time_zone=TimeZone(span.time_zone),
            buckets=[LoadProfileBucket.of(bucket, series.unit) for bucket in series.buckets],
            missing=[TimeSpan.of(gap) for gap in series.missing],
        )


@strawberry.type(description="A load profile that does not add up to the total register.")
class SumCheck:
    rule: ValidationRule = strawberry.field(description="The rule that finds it.")
    start: DateTime = strawberry.field(description="The reading from which it counts.")
    end: DateTime = strawberry.field(description="The reading up to which it counts.")
    register_energy: Kwh = strawberry.field(
        description="What the total register (1.8.0) gained: this is charged."
    )
    profile_energy: Kwh = strawberry.field(description="What the load profile tells.")

    @classmethod
    def of(cls, found: Contradiction) -> Self:
        return cls(
            rule=ValidationRule.SUM_CHECK,
            start=DateTime(found.span.starts_at),
            end=DateTime(found.span.ends_at),
            register_energy=kwh(found.gained_wh),
            profile_energy=kwh(round(found.told_wh)),
        )

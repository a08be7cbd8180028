"""Readings: registers, spans of time, buckets, and how fresh all that is."""

from datetime import datetime, timedelta
from typing import Self

import strawberry

from api.errors import BadUserInput
from api.schema.scalars import DateTime, ExactNumber, Kwh, TimeZone, kwh
from api.spans import Resolution, Span, SpanSeries
from db.enums import MeasuringSide, Quality, TimeSource
from domain.accounts.rules import freshness
from domain.readings import queries
from domain.readings.rules import side_of_register


@strawberry.type(description="How old a fact is.")
class Freshness:
    as_of: DateTime = strawberry.field(description="When it was true.")
    age_seconds: int = strawberry.field(description="How long ago that was.")
    is_stale: bool = strawberry.field(
        description="Whether several readings in a row have been missing since."
    )

    @classmethod
    def of(cls, as_of: datetime, *, reading_period: timedelta, now: datetime) -> Self:
        fresh = freshness(as_of, reading_period=reading_period, now=now)
        return cls(
            as_of=DateTime(fresh.as_of),
            age_seconds=int(fresh.age.total_seconds()),
            is_stale=fresh.is_stale,
        )


@strawberry.type(description="A number with its unit, where that varies.")
class Quantity:
    value: ExactNumber = strawberry.field(description="The number, exact.")
    unit: str = strawberry.field(description="The unit: `Wh`.")
    side: MeasuringSide | None = strawberry.field(
        description="On which side of transformers it is; null where they change nothing: `Hz`."
    )


@strawberry.type(description="What a register showed.")
class RegisterValue:
    obis: str = strawberry.field(description="The register's OBIS code: `1.8.0`.")
    quantity: Quantity = strawberry.field(description="How much, as the register shows it.")
    read_at: DateTime = strawberry.field(description="When it was read.")

    @classmethod
    def of(cls, register: queries.RegisterValue) -> Self:
        return cls(
            obis=register.obis,
            quantity=Quantity(
                value=ExactNumber(register.value),
                unit=register.unit,
                side=side_of_register(register.unit),
            ),
            read_at=DateTime(register.read_at),
        )


@strawberry.type(description="When a register was read last.")
class ObisReading:
    obis: str = strawberry.field(description="The register's OBIS code: `1.8.0`.")
    last_read_at: DateTime = strawberry.field(description="When.")

    @classmethod
    def of(cls, register: queries.RegisterValue) -> Self:
        return cls(obis=register.obis, last_read_at=DateTime(register.read_at))


@strawberry.type(description="All registers that a meter told at one instant.")
class Reading:
    read_at: DateTime = strawberry.field(description="When it was taken.")
    quality: Quality = strawberry.field(description="How far it can be trusted.")
    time_source: TimeSource = strawberry.field(description="Whose clock dates it.")
    received_at: DateTime = strawberry.field(description="When it reached us first.")
    registers: list[RegisterValue] = strawberry.field(description="The values.")

    @classmethod
    def of(cls, reading: queries.Reading) -> Self:
        return cls(
            read_at=DateTime(reading.read_at),
            quality=reading.quality,
            time_source=reading.time_source,
            received_at=DateTime(reading.received_at),
            registers=[RegisterValue.of(register) for register in reading.registers],
        )


@strawberry.type(description="The energy of an hour or a day.")
class EnergyBucket:
    start: DateTime = strawberry.field(description="When it begins, inclusive.")
    end: DateTime = strawberry.field(description="When it ends, exclusive.")
    import_energy: Kwh | None = strawberry.field(
        description="What the total register (1.8.0) gained, before any transformer's multiplier;"
        " null when no reading tells."
    )
    side: MeasuringSide = strawberry.field(
        description="On which side of transformers its energy is."
    )
    is_complete: bool = strawberry.field(
        description="Whether readings stand at both ends, so that nothing belongs to a neighbour."
    )

    @classmethod
    def of(cls, energy: queries.Energy) -> Self:
        return cls(
            start=DateTime(energy.start),
            end=DateTime(energy.end),
            import_energy=None if energy.energy_wh is None else kwh(energy.energy_wh),
            side=MeasuringSide.SECONDARY,
            is_complete=energy.is_complete,
        )


@strawberry.type(description="What a meter measured over a span of time.")
class ReadingSeries:
    resolution: Resolution = strawberry.field(description="How finely it is told.")
    time_zone: TimeZone = strawberry.field(description="Whose hours and days are meant.")
    readings: list[Reading] | None = strawberry.field(
        description="With RAW, the readings, oldest first; else null."
    )
    buckets: list[EnergyBucket] | None = strawberry.field(
        description="With HOUR and DAY, the buckets, oldest first; else null."
    )

    @classmethod
    def of(cls, series: SpanSeries, span: Span) -> Self:
        readings, buckets = series.readings, series.buckets
        return cls(
            resolution=span.resolution,
            time_zone=TimeZone(span.time_zone),
            readings=None if readings is None else [Reading.of(reading) for reading in readings],
            buckets=None if buckets is None else [EnergyBucket.of(bucket) for bucket in buckets],
        )


@strawberry.input(description="A span of time.")
class TimeRangeInput:
    from_: DateTime = strawberry.field(name="from", description="When it begins, inclusive.")
    to: DateTime = strawberry.field(description="When it ends, exclusive.")
    time_zone: TimeZone | None = strawberry.field(
        default=None, description="Whose hours and days are meant; the company's by default."
    )

    def check(self) -> None:
        """Return if it has a length.

        :raises BadUserInput: it has none
        """
        if self.from_ >= self.to:
            raise BadUserInput("range", "expected `from` to be before `to`")

    def span(self, resolution: Resolution, *, default_time_zone: str) -> Span:
        self.check()
        return Span(self.from_, self.to, self.time_zone or default_time_zone, resolution)

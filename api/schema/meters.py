"""Meters: what they are, what they measured, and what they supply."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from api.context import Info
from api.permissions.requires import requires
from api.schema.devices import RfModule
from api.schema.load_profiles import LoadProfile, SumCheck
from api.schema.node import Node
from api.schema.paging import Connection
from api.schema.placements import MeterPlacement
from api.schema.readings import Freshness, ObisReading, ReadingSeries, RegisterValue, TimeRangeInput
from api.schema.relations import belongs_to, children, related
from api.schema.scalars import DateTime
from api.spans import Resolution
from db.enums import Relay, Scope, Segment, Supply
from domain.accounts.queries import ACCOUNTS, Standing
from domain.hierarchy.queries import METERS, PLACEMENTS_OF_METER, RF_MODULES
from domain.metering.queries import MOUNTINGS_OF_METER, POINTS, PREMISES
from domain.tariffs.flows import Span

if TYPE_CHECKING:
    from api.schema.accounts import Account, AccountBalance
    from api.schema.premises import MeteringPoint, Mounting, Premises

LazyAccount = Annotated["Account", strawberry.lazy("api.schema.accounts")]
LazyBalance = Annotated["AccountBalance", strawberry.lazy("api.schema.accounts")]
LazyPoint = Annotated["MeteringPoint", strawberry.lazy("api.schema.premises")]
LazyMounting = Annotated["Mounting", strawberry.lazy("api.schema.premises")]
LazyPremises = Annotated["Premises", strawberry.lazy("api.schema.premises")]


async def _point_id(meter: Node, info: Info) -> int | None:
    place = await info.context.loaders.place_of_meter.load(meter.row_id)
    return None if place is None else place.point_id


async def _premises_id(meter: Node, info: Info) -> int | None:
    place = await info.context.loaders.place_of_meter.load(meter.row_id)
    return None if place is None else place.premises_id


async def _account_id(meter: Node, info: Info) -> int | None:
    place = await info.context.loaders.place_of_meter.load(meter.row_id)
    return None if place is None else place.account_id


async def _standing(meter: Node, info: Info) -> Standing | None:
    account_id = await _account_id(meter, info)
    # What the caller may not see of the account must not show through the meter.
    if account_id is None or await info.context.loaders.row(ACCOUNTS).load(account_id) is None:
        return None
    return await info.context.loaders.standing.load(account_id)


@strawberry.type(description="An electronic meter behind an RF module.")
class Meter(Node, listing=METERS, scope=Scope.METERS_READ):
    serial: str = strawberry.field(description="Printed on it.")
    make: str | None = strawberry.field(description="Who made it.")
    register_digits: int = strawberry.field(
        description="Whole kWh digits of its total register, which rolls over after the last."
    )
    power_w_max: int = strawberry.field(
        name="powerMaxWatts", description="The most that it can carry; more is taken for an error."
    )
    clock_rule: str = strawberry.field(
        description="What its clock shows: an IANA time zone, or a fixed offset such as +03:00."
    )
    relay: Relay = strawberry.field(description="What switches its supply.")
    supply: Supply = strawberry.field(description="Whether energy can flow, as last confirmed.")
    supply_confirmed_at: DateTime | None = strawberry.field(
        description="When it confirmed its supply last."
    )
    active: bool = strawberry.field(description="Whether it is in use.")
    version: int = strawberry.field(description="Goes up with each change.")
    rf_module: RfModule | None = belongs_to(
        RF_MODULES, "rf_module_id", "What reads it.", scope=Scope.COMPANY_READ
    )
    metering_point: LazyPoint | None = related(
        POINTS, _point_id, "Where it measures now.", scope=Scope.PREMISES_READ
    )
    premises: LazyPremises | None = related(
        PREMISES, _premises_id, "What it supplies now.", scope=Scope.PREMISES_READ
    )
    account: LazyAccount | None = related(
        ACCOUNTS,
        _account_id,
        "Who pays for it now; null where several accounts do.",
        scope=Scope.ACCOUNTS_READ,
    )
    mountings: Connection[LazyMounting] | None = children(
        MOUNTINGS_OF_METER, "Where it was and is mounted, by time.", scope=Scope.PREMISES_READ
    )
    placements: Connection[MeterPlacement] | None = children(
        PLACEMENTS_OF_METER, "The RF modules that read it, by time.", scope=Scope.COMPANY_READ
    )

    @strawberry.field(
        description="Whether several accounts pay for it at the same time; such a supply is never"
        " cut automatically."
    )
    async def is_shared(self, info: Info) -> bool:
        place = await info.context.loaders.place_of_meter.load(self.row_id)
        return place is not None and place.is_shared

    @strawberry.field(
        description="The newest value of each register, by OBIS code.",
        extensions=[requires(Scope.READINGS_READ)],
    )
    async def registers(self, info: Info) -> list[RegisterValue] | None:
        latest = await info.context.loaders.latest.load(self.row_id)
        return [RegisterValue.of(register) for register in latest.registers] if latest else []

    @strawberry.field(
        description="When each register was read last, by OBIS code.",
        extensions=[requires(Scope.READINGS_READ)],
    )
    async def obis_readings(self, info: Info) -> list[ObisReading] | None:
        latest = await info.context.loaders.latest.load(self.row_id)
        return [ObisReading.of(register) for register in latest.registers] if latest else []

    @strawberry.field(
        description="When it was read last; null when it never was.",
        extensions=[requires(Scope.READINGS_READ)],
    )
    async def last_read_at(self, info: Info) -> DateTime | None:
        latest = await info.context.loaders.latest.load(self.row_id)
        return None if latest is None else DateTime(latest.as_of)

    @strawberry.field(
        description="What is left on the account that pays for it; null when none or several do.",
        extensions=[requires(Scope.BALANCES_READ)],
    )
    async def balance(self, info: Info) -> LazyBalance | None:
        from api.schema.accounts import AccountBalance  # noqa: PLC0415 - each needs the other

        standing = await _standing(self, info)
        return None if standing is None else AccountBalance.of(standing)

    @strawberry.field(
        description="Where the account that pays for it stands; null when none or several do.",
        extensions=[requires(Scope.BALANCES_READ)],
    )
    async def segment(self, info: Info) -> Segment | None:
        standing = await _standing(self, info)
        return None if standing is None else standing.segment

    @strawberry.field(
        description="How fresh the registers are; null when it was never read.",
        extensions=[requires(Scope.READINGS_READ)],
    )
    async def freshness(self, info: Info) -> Freshness | None:
        latest = await info.context.loaders.latest.load(self.row_id)
        if latest is None:
            return None
        now = info.context.loaders.reach.now
        return Freshness.of(latest.as_of, reading_period=latest.reading_period, now=now)

    @strawberry.field(
        description="What it measured over a span of time; at most 1,000 readings or buckets.",
        extensions=[requires(Scope.READINGS_READ)],
    )
    async def readings(
        self,
        info: Info,
        range: Annotated[TimeRangeInput, strawberry.argument(description="From when to when.")],
        resolution: Annotated[
            Resolution, strawberry.argument(description="How finely it is told.")
        ] = Resolution.RAW,
    ) -> ReadingSeries | None:
        zone = info.context.signed_in.time_zone
        span = range.span(resolution, default_time_zone=zone)
        return ReadingSeries.of(await info.context.loaders.series(span).load(self.row_id), span)

    @strawberry.field(
        description="Its load profile over a span of time; at most 1,000 intervals, hours or days.",
        extensions=[requires(Scope.READINGS_READ)],
    )
    async def load_profile(
        self,
        info: Info,
        range: Annotated[TimeRangeInput, strawberry.argument(description="From when to when.")],
        resolution: Annotated[
            Resolution, strawberry.argument(description="How finely it is told.")
        ] = Resolution.RAW,
        channel: Annotated[
            str | None,
            strawberry.argument(
                description="Which of its channels, by OBIS code: `5.5.0`. By default what it"
                " imports, as it is charged by."
            ),
        ] = None,
    ) -> LoadProfile | None:
        zone = info.context.signed_in.time_zone
        span = range.span(resolution, default_time_zone=zone)
        series = await info.context.loaders.profile_series(span, channel).load(self.row_id)
        return LoadProfile.of(series, span)

    @strawberry.field(
        description="Where its load profile does not add up to its total register, between two"
        " readings each; at most 31 days. Nothing is charged by it.",
        extensions=[requires(Scope.READINGS_READ)],
    )
    async def sum_checks(
        self,
        info: Info,
        range: Annotated[TimeRangeInput, strawberry.argument(description="From when to when.")],
    ) -> list[SumCheck] | None:
        range.check()
        span = Span(range.from_, range.to)
        return [
            SumCheck.of(one)
            for one in await info.context.loaders.sum_checks(span).load(self.row_id)
        ]

"""Collectors and RF modules."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from api.context import Info
from api.permissions.requires import requires
from api.schema.companies import Field
from api.schema.node import Node
from api.schema.paging import Connection
from api.schema.placements import CollectorPlacement, RfModulePlacement
from api.schema.relations import belongs_to, children
from api.schema.scalars import DateTime, TimeZone
from api.schema.synchronisations import Synchronisation
from db.enums import Frequency, Health, Scope, SynchronisationOutcome
from domain.hierarchy.queries import (
    ACTIVE_METERS_OF_RF_MODULE,
    COLLECTORS,
    FIELDS,
    METERS_OF_RF_MODULE,
    PLACEMENTS_OF_COLLECTOR,
    PLACEMENTS_OF_RF_MODULE,
    RF_MODULES,
    RF_MODULES_OF_COLLECTOR,
    SYNCHRONISATIONS_OF_COLLECTOR,
    SYNCHRONISATIONS_OF_RF_MODULE,
)
from domain.hierarchy.rules import health

if TYPE_CHECKING:
    from api.schema.meters import Meter


async def _health(table: str, device: Node, info: Info) -> Health:
    facts = await info.context.loaders.device_facts(table).load(device.row_id)
    # None: it went out of sight since its row was read.
    return Health.HEALTHY if facts is None else health(facts, now=info.context.loaders.reach.now)


LazyMeter = Annotated["Meter", strawberry.lazy("api.schema.meters")]


@strawberry.type(description="A data concentrator in a field.")
class Collector(Node, listing=COLLECTORS, scope=Scope.COMPANY_READ):
    flag: str = strawberry.field(description="Its maker's three letters.")
    serial: str = strawberry.field(description="Printed on it.")
    make: str | None = strawberry.field(description="Who made it.")
    model: str | None = strawberry.field(description="Which of the maker's it is.")
    ipv4: str | None = strawberry.field(
        description="Its IPv4 address.", extensions=[requires(Scope.NETWORK_READ)]
    )
    ipv6: str | None = strawberry.field(
        description="Its IPv6 address.", extensions=[requires(Scope.NETWORK_READ)]
    )
    port: int | None = strawberry.field(
        description="Its TCP port.", extensions=[requires(Scope.NETWORK_READ)]
    )
    software_version: str | None = strawberry.field(description="What runs on it.")
    time_zone: TimeZone = strawberry.field(description="What its clock shows.")
    active: bool = strawberry.field(description="Whether it is in use.")
    review_first: bool = strawberry.field(
        description="Whether its frames wait until somebody releases them."
    )
    last_contact_at: DateTime | None = strawberry.field(description="When it was heard last.")
    last_synchronised_at: DateTime | None = strawberry.field(
        description="When its clock was compared last."
    )
    synchronisation_outcome: SynchronisationOutcome | None = strawberry.field(
        description="How that ended; null before the first time."
    )
    silent_since: DateTime | None = strawberry.field(
        description="Since when it has been missed; null while it is heard."
    )
    version: int = strawberry.field(description="Goes up with each change.")
    field: Field | None = belongs_to(
        FIELDS, "field_id", "Where it stands.", scope=Scope.COMPANY_READ
    )
    rf_modules: Connection["RfModule"] | None = children(
        RF_MODULES_OF_COLLECTOR, "The RF modules behind it, by serial.", scope=Scope.COMPANY_READ
    )
    placements: Connection[CollectorPlacement] | None = children(
        PLACEMENTS_OF_COLLECTOR, "The fields that it stood in, by time.", scope=Scope.COMPANY_READ
    )
    synchronisations: Connection[Synchronisation] | None = children(
        SYNCHRONISATIONS_OF_COLLECTOR, "How it was in step, by time.", scope=Scope.COMPANY_READ
    )

    @strawberry.field(description="How it does, by the period of its quickest RF module.")
    async def health(self, info: Info) -> Health:
        return await _health("collector", self, info)


@strawberry.type(description="An RF mesh modem behind a collector.")
class RfModule(Node, listing=RF_MODULES, scope=Scope.COMPANY_READ):
    serial: str = strawberry.field(description="Printed on it.")
    make: str | None = strawberry.field(description="Who made it.")
    model: str | None = strawberry.field(description="Which of the maker's it is.")
    frequency: Frequency = strawberry.field(description="Its radio band.")
    ip_address: str | None = strawberry.field(
        description="Its IP address.", extensions=[requires(Scope.NETWORK_READ)]
    )
    radio_address: str | None = strawberry.field(
        description="Its address in the mesh.", extensions=[requires(Scope.NETWORK_READ)]
    )
    reading_period_s: int = strawberry.field(
        name="readingPeriodSeconds", description="How often it reads its meters."
    )
    error_status: str | None = strawberry.field(
        description="What is wrong with it, as people have noted; devices do not tell."
    )
    last_synchronised_at: DateTime | None = strawberry.field(
        description="When it was recorded last that it is heard, or missed: at each change, and"
        " once a day. Nothing tells of its clock."
    )
    synchronisation_outcome: SynchronisationOutcome | None = strawberry.field(
        description="How that ended; null before the first time."
    )
    silent_since: DateTime | None = strawberry.field(
        description="Since when its meters' readings have been missed; null while they come."
    )
    active: bool = strawberry.field(description="Whether it is in use.")
    version: int = strawberry.field(description="Goes up with each change.")
    collector: Collector | None = belongs_to(
        COLLECTORS, "collector_id", "What it reports to.", scope=Scope.COMPANY_READ
    )
    meters: Connection[LazyMeter] | None = children(
        METERS_OF_RF_MODULE, "The meters attached to it, by serial.", scope=Scope.METERS_READ
    )
    placements: Connection[RfModulePlacement] | None = children(
        PLACEMENTS_OF_RF_MODULE,
        "The collectors that it was behind, by time.",
        scope=Scope.COMPANY_READ,
    )

    synchronisations: Connection[Synchronisation] | None = children(
        SYNCHRONISATIONS_OF_RF_MODULE, "How it was in step, by time.", scope=Scope.COMPANY_READ
    )

    @strawberry.field(description="How it does, by its own reading period.")
    async def health(self, info: Info) -> Health:
        return await _health("rf_module", self, info)

    @strawberry.field(description="When its meters were read last; null when they never were.")
    async def last_read_at(self, info: Info) -> DateTime | None:
        facts = await info.context.loaders.device_facts("rf_module").load(self.row_id)
        return None if facts is None or facts.heard_at is None else DateTime(facts.heard_at)

    @strawberry.field(description="How many active meters are attached to it.")
    async def meter_count(self, info: Info) -> int:
        return await info.context.loaders.count(ACTIVE_METERS_OF_RF_MODULE).load(self.row_id)

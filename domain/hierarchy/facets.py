"""What branches, fields, collectors, RF modules and meters are filtered and ordered by."""

from db.enums import (
    Frequency,
    Relay,
    Scope,
    Segment,
    Supply,
    SynchronisationKind,
    SynchronisationOutcome,
)
from domain.accounts.facets import ACCOUNT_OF_METER, BALANCE, SEGMENT
from domain.facets import Facet, Via, flag, id_of, instant, money, text, whole, word
from domain.metering.facets import POINT_OF_METER

_FIELD_OF_COLLECTOR = "field.company_id = collector.company_id and field.id = collector.field_id"
_COLLECTOR_OF_MODULE = (
    "collector.company_id = rf_module.company_id and collector.id = rf_module.collector_id"
)
_MODULE_OF_METER = "rf_module.company_id = meter.company_id and rf_module.id = meter.rf_module_id"

COMPANY_FACETS = (text("company.name"), flag("company.active"))
BRANCH_FACETS = (text("branch.name", is_indexed=True), flag("branch.active"))
FIELD_FACETS = (
    text("field.name", is_indexed=True),
    flag("field.active"),
    id_of("branch", "field.branch_id"),
)
COLLECTOR_FACETS = (
    text("collector.serial", is_indexed=True),
    text("collector.flag"),
    text("collector.make", nullable=True),
    text("collector.model", nullable=True),
    text("collector.software_version", nullable=True),
    text("host(collector.ipv4)", name="ipv4", nullable=True, scope=Scope.NETWORK_READ),
    text("host(collector.ipv6)", name="ipv6", nullable=True, scope=Scope.NETWORK_READ),
    whole("collector.port", nullable=True, scope=Scope.NETWORK_READ),
    flag("collector.active"),
    instant("collector.last_contact_at", nullable=True),
    instant("collector.last_synchronised_at", nullable=True),
    id_of("field", "collector.field_id"),
    id_of("branch", "field.branch_id", via=Via("field", "field", _FIELD_OF_COLLECTOR)),
)
RF_MODULE_FACETS = (
    text("rf_module.serial", is_indexed=True),
    text("rf_module.make", nullable=True),
    text("rf_module.model", nullable=True),
    word("rf_module.frequency", Frequency),
    text("host(rf_module.ip_address)", name="ip_address", nullable=True, scope=Scope.NETWORK_READ),
    text("rf_module.radio_address", nullable=True, scope=Scope.NETWORK_READ),
    whole("rf_module.reading_period_s", name="reading_period_seconds"),
    text("rf_module.error_status", nullable=True),
    flag("rf_module.active"),
    instant("rf_module.last_synchronised_at", nullable=True),
    id_of("collector", "rf_module.collector_id"),
    id_of("field", "collector.field_id", via=Via("collector", "collector", _COLLECTOR_OF_MODULE)),
    id_of(
        "branch",
        "field.branch_id",
        via=Via("field", f"collector join field on {_FIELD_OF_COLLECTOR}", _COLLECTOR_OF_MODULE),
    ),
)

_COLLECTOR_OF_METER = f"rf_module join collector on {_COLLECTOR_OF_MODULE}"
METER_FACETS = (
    text("meter.serial", is_indexed=True),
    text("meter.make", nullable=True),
    word("meter.relay", Relay),
    word("meter.supply", Supply),
    instant("meter.supply_confirmed_at", nullable=True),
    whole("meter.register_digits"),
    flag("meter.active"),
    id_of("rf_module", "meter.rf_module_id"),
    id_of(
        "collector", "rf_module.collector_id", via=Via("rf_module", "rf_module", _MODULE_OF_METER)
    ),
    id_of(
        "field",
        "collector.field_id",
        via=Via("collector", _COLLECTOR_OF_METER, _MODULE_OF_METER),
    ),
    id_of(
        "branch",
        "field.branch_id",
        via=Via(
            "field", f"{_COLLECTOR_OF_METER} join field on {_FIELD_OF_COLLECTOR}", _MODULE_OF_METER
        ),
    ),
    id_of("metering_point", "mounting.point_id", name="metering_point_id", via=POINT_OF_METER),
    id_of("premises", "metering_point.premises_id", via=POINT_OF_METER),
    id_of("account", "account.id", name="account_id", via=ACCOUNT_OF_METER),
    id_of("subscriber", "account.subscriber_id", via=ACCOUNT_OF_METER),
    word(
        SEGMENT,
        Segment,
        name="segment",
        via=ACCOUNT_OF_METER,
        scope=Scope.BALANCES_READ,
        meaning="Where the account stands that pays for it now.",
    ),
    money(
        BALANCE,
        name="balance",
        via=ACCOUNT_OF_METER,
        scope=Scope.BALANCES_READ,
        meaning="What is left on the account that pays for it now.",
    ),
)


SYNCHRONISATION_FACETS = (
    instant("synchronisation.at"),
    word("synchronisation.kind", SynchronisationKind),
    word("synchronisation.outcome", SynchronisationOutcome),
)


def placement_facets(child: str, parent: str) -> tuple[Facet, ...]:
    """Return the facets of the stays of a child with its parents."""
    table = f"{child}_placement"
    return (
        # A stay without a start came first.
        instant(f"coalesce({table}.started_at, 'epoch')", name="started_at"),
        instant(f"{table}.ended_at", nullable=True),
        id_of(parent, f"{table}.{parent}_id"),
    )

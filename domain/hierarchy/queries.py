"""Reading the hierarchy: company → branch → field → collector → RF module → meter."""

from domain.hierarchy.facets import (
    BRANCH_FACETS,
    COLLECTOR_FACETS,
    COMPANY_FACETS,
    FIELD_FACETS,
    METER_FACETS,
    RF_MODULE_FACETS,
    SYNCHRONISATION_FACETS,
    placement_facets,
)
from domain.listing import Listing, Relation

COMPANIES = Listing(
    table="company",
    columns=(
        "id",
        "name",
        "currency",
        "time_zone",
        "locale",
        "active",
        "api_allowed",
        "address",
        "email",
        "phone",
        "tax_office",
        "tax_number",
        "adjustment_approval_limit_micro",
        "invoice_number_format",
        "invoice_series",
        "purchase_series",
        "credit_note_series",
        "invoice_due_days",
        "invoice_after_days",
        "einvoices_since",
        "notice_after_days",
        "notice_working_days",
        "top_up_minimum_micro",
        "top_up_maximum_micro",
        "top_up_presets_micro",
        "debt_share_percent",
        "debt_share_cap_micro",
        "debt_share_period",
        "max_meters_per_rf_module",
        "review_first",
        "second_person_for_tariffs",
        "clock_drift_max_s",
        "raw_frame_retention_days",
        "reading_retention_days",
        "profile_retention_days",
        "contact_read_retention_days",
        "message_retention_days",
        "transfer_text_retention_days",
        "message_channels",
        "fault_notice_roles",
        "warning_limit_micro",
        "cut_off_limit_micro",
        "reconnect_limit_micro",
        "warning_margin_micro",
        "emergency_credit_micro",
        "emergency_near_micro",
        "synchronisation_retention_days",
        "created_at",
        "version",
    ),
    facets=COMPANY_FACETS,
    order="name",
    company_column="id",
)
BRANCHES = Listing(
    table="branch",
    columns=("id", "name", "active", "version"),
    facets=BRANCH_FACETS,
    order="name",
)
FIELDS = Listing(
    table="field",
    columns=(
        "id",
        "branch_id",
        "name",
        "latitude",
        "longitude",
        "boundary",
        "active",
        "review_first",
        "version",
    ),
    facets=FIELD_FACETS,
    order="name",
)
COLLECTORS = Listing(
    table="collector",
    columns=(
        "id",
        "field_id",
        "flag",
        "serial",
        "make",
        "model",
        "host(ipv4) as ipv4",
        "host(ipv6) as ipv6",
        "port",
        "software_version",
        "time_zone",
        "active",
        "review_first",
        "last_contact_at",
        "last_synchronised_at",
        "synchronisation_outcome",
        "silent_since",
        "version",
    ),
    facets=COLLECTOR_FACETS,
    order="serial",
)
RF_MODULES = Listing(
    table="rf_module",
    columns=(
        "id",
        "collector_id",
        "serial",
        "make",
        "model",
        "frequency",
        "host(ip_address) as ip_address",
        "radio_address",
        "reading_period_s",
        "error_status",
        "last_synchronised_at",
        "synchronisation_outcome",
        "silent_since",
        "active",
        "version",
    ),
    facets=RF_MODULE_FACETS,
    order="serial",
)
METERS = Listing(
    table="meter",
    columns=(
        "id",
        "rf_module_id",
        "serial",
        "make",
        "register_digits",
        "power_w_max",
        "clock_rule",
        "relay",
        "supply",
        "supply_confirmed_at",
        "active",
        "version",
    ),
    facets=METER_FACETS,
    order="serial",
)


def _placements(child: str, parent: str) -> Listing:
    table = f"{child}_placement"
    return Listing(
        table=table,
        columns=("id", f"{child}_id", f"{parent}_id", "started_at", "ended_at"),
        facets=placement_facets(child, parent),
        order="started_at",
    )


FIELD_PLACEMENTS = _placements("field", "branch")
COLLECTOR_PLACEMENTS = _placements("collector", "field")
RF_MODULE_PLACEMENTS = _placements("rf_module", "collector")
METER_PLACEMENTS = _placements("meter", "rf_module")

SYNCHRONISATIONS = Listing(
    table="synchronisation",
    columns=(
        "id",
        "collector_id",
        "rf_module_id",
        "at",
        "kind",
        "outcome",
        "deviation_ms",
        "detail",
    ),
    facets=SYNCHRONISATION_FACETS,
    order="at",
)

BRANCHES_OF_COMPANY = Relation(BRANCHES, "branch.company_id = parent.id")
FIELDS_OF_BRANCH = Relation(FIELDS, "field.branch_id = parent.id")
COLLECTORS_OF_FIELD = Relation(COLLECTORS, "collector.field_id = parent.id")
RF_MODULES_OF_COLLECTOR = Relation(RF_MODULES, "rf_module.collector_id = parent.id")
METERS_OF_RF_MODULE = Relation(METERS, "meter.rf_module_id = parent.id")
ACTIVE_METERS_OF_RF_MODULE = Relation(METERS, "meter.rf_module_id = parent.id and meter.active")
PLACEMENTS_OF_FIELD = Relation(FIELD_PLACEMENTS, "field_placement.field_id = parent.id")
PLACEMENTS_OF_COLLECTOR = Relation(
    COLLECTOR_PLACEMENTS, "collector_placement.collector_id = parent.id"
)
PLACEMENTS_OF_RF_MODULE = Relation(
    RF_MODULE_PLACEMENTS, "rf_module_placement.rf_module_id = parent.id"
)
PLACEMENTS_OF_METER = Relation(METER_PLACEMENTS, "meter_placement.meter_id = parent.id")
SYNCHRONISATIONS_OF_COLLECTOR = Relation(
    SYNCHRONISATIONS, "synchronisation.collector_id = parent.id"
)
SYNCHRONISATIONS_OF_RF_MODULE = Relation(
    SYNCHRONISATIONS, "synchronisation.rf_module_id = parent.id"
)

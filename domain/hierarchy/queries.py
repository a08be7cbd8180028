"""Reading the hierarchy: company → branch → field → collector → RF module → meter."""

from domain.listing import Listing, Relation

COMPANIES = Listing(
    table="company",
    columns=("id", "name", "currency", "time_zone", "locale", "version"),
    key="company.name",
    company_column="id",
)
BRANCHES = Listing(
    table="branch",
    columns=("id", "name", "active", "version"),
    key="branch.name",
)
FIELDS = Listing(
    table="field",
    columns=("id", "branch_id", "name", "latitude", "longitude", "active", "version"),
    key="field.name",
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
        "last_contact_at",
        "last_synchronised_at",
        "version",
    ),
    key="collector.serial",
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
        "active",
        "version",
    ),
    key="rf_module.serial",
)
METERS = Listing(
    table="meter",
    columns=(
        "id",
        "rf_module_id",
        "serial",
        "make",
        "register_digits",
        "clock_rule",
        "relay",
        "supply",
        "supply_confirmed_at",
        "active",
        "version",
    ),
    key="meter.serial",
)

FIELDS_OF_BRANCH = Relation(FIELDS, "field.branch_id = parent.id")
COLLECTORS_OF_FIELD = Relation(COLLECTORS, "collector.field_id = parent.id")
RF_MODULES_OF_COLLECTOR = Relation(RF_MODULES, "rf_module.collector_id = parent.id")
METERS_OF_RF_MODULE = Relation(METERS, "meter.rf_module_id = parent.id")

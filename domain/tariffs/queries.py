"""Reading tariffs, their versions, and for whom they hold."""

from db.enums import AssignmentLevel, TariffState
from domain.facets import instant, text, word
from domain.listing import Listing, Relation

TARIFFS = Listing(
    table="tariff", columns=("id", "name"), facets=(text("tariff.name"),), order="name"
)
VERSIONS = Listing(
    table="tariff_version",
    columns=(
        "id",
        "tariff_id",
        "state",
        "valid_from",
        "valid_until",
        "price_per_kwh",
        "definition",
        "proposed_at",
        "approved_at",
    ),
    facets=(instant("tariff_version.valid_from"), word("tariff_version.state", TariffState)),
    order="valid_from",
    newest_first=True,
)
ASSIGNMENTS = Listing(
    table="tariff_assignment",
    columns=(
        "id",
        "tariff_id",
        "level",
        "branch_id",
        "account_id",
        "group_name",
        "billing_basis",
        "starts_at",
        "ends_at",
    ),
    facets=(
        instant("tariff_assignment.starts_at"),
        word("tariff_assignment.level", AssignmentLevel),
    ),
    order="starts_at",
    newest_first=True,
)
VERSIONS_OF_TARIFF = Relation(VERSIONS, "tariff_version.tariff_id = parent.id")
ASSIGNMENTS_OF_TARIFF = Relation(ASSIGNMENTS, "tariff_assignment.tariff_id = parent.id")

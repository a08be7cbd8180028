"""What a company has of each kind, as the API names it."""

from api.global_ids import encode
from tests.factories import Place

LISTS = [
    "branches",
    "fields",
    "collectors",
    "rfModules",
    "meters",
    "premises",
    "meteringPoints",
    "subscribers",
    "accounts",
]
ALL_LISTS = " ".join(f"{name} {{ nodes {{ id }} totalCount }}" for name in LISTS)


def ids_of(place: Place) -> list[str]:
    """Return a global id of each kind of the place's objects."""
    supply = place.supplies[0]
    return [
        encode("Company", place.company_id),
        encode("Branch", place.branch_id),
        encode("Field", place.field_id),
        encode("Collector", place.collector_id),
        encode("RfModule", place.rf_module_id),
        encode("Meter", supply.meter_id),
        encode("Premises", supply.premises_id),
        encode("MeteringPoint", supply.point_id),
        encode("Subscriber", place.subscriber_id),
        encode("Account", supply.account_id or 0),
    ]

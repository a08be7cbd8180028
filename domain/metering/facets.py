"""What premises, metering points and mountings are filtered and ordered by."""

from db.enums import PointRole
from domain.accounts.facets import ACCOUNT_OF_POINT, ACCOUNT_OF_PREMISES
from domain.facets import Via, flag, id_of, instant, now_in, number, text, word

_FIELD_OF_PREMISES = "field.company_id = premises.company_id and field.id = premises.field_id"
_PREMISES_OF_POINT = (
    "premises.company_id = metering_point.company_id and premises.id = metering_point.premises_id"
)
_POINT_OF_MOUNTING = (
    "metering_point.company_id = mounting.company_id and metering_point.id = mounting.point_id"
)
_MOUNTED_NOW = now_in("mounting")

POINT_OF_METER = Via(
    "metering_point",
    f"mounting join metering_point on {_POINT_OF_MOUNTING}",
    f"mounting.company_id = meter.company_id and mounting.meter_id = meter.id and {_MOUNTED_NOW}",
)
MOUNTING_OF_POINT = Via(
    "mounting",
    "mounting",
    "mounting.company_id = metering_point.company_id and mounting.point_id = metering_point.id"
    f" and {_MOUNTED_NOW}",
)

PREMISES_FACETS = (
    text("premises.name", is_indexed=True),
    flag("premises.active"),
    id_of("field", "premises.field_id"),
    id_of("branch", "field.branch_id", via=Via("field", "field", _FIELD_OF_PREMISES)),
    id_of("subscriber", "account.subscriber_id", via=ACCOUNT_OF_PREMISES),
)
POINT_FACETS = (
    text("metering_point.code", is_indexed=True),
    word("metering_point.role", PointRole),
    flag("metering_point.active"),
    id_of("premises", "metering_point.premises_id"),
    id_of(
        "metering_point",
        "metering_point.parent_id",
        nullable=True,
        meaning="The id of the point that its energy flows through.",
    ),
    id_of("field", "premises.field_id", via=Via("premises", "premises", _PREMISES_OF_POINT)),
    id_of("meter", "mounting.meter_id", via=MOUNTING_OF_POINT),
    id_of("account", "account.id", name="account_id", via=ACCOUNT_OF_POINT),
)
MOUNTING_FACETS = (
    instant("mounting.started_at"),
    instant("mounting.ended_at", nullable=True),
    number("mounting.multiplier"),
    id_of("meter", "mounting.meter_id"),
    id_of("metering_point", "mounting.point_id", name="metering_point_id"),
)

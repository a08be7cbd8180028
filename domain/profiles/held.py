"""Listing intervals that wait for a person: held ones, and others for some that stand."""

from collections.abc import Sequence

from db.enums import ValidationRule
from domain.facets import Facet, id_of, instant, text, word
from domain.listing import Listing


def _listing(table: str, columns: Sequence[str] = (), facets: Sequence[Facet] = ()) -> Listing:
    return Listing(
        table=table,
        columns=(
            "id",
            "meter_id",
            "channel",
            "starts_at",
            "ends_at",
            "kind",
            "unit",
            "value",
            "status",
            "received_at",
            *columns,
        ),
        facets=(
            text(f"{table}.channel"),
            instant(f"{table}.starts_at"),
            instant(f"{table}.received_at"),
            id_of("meter", f"{table}.meter_id"),
            *facets,
        ),
        order="received_at",
        newest_first=True,
    )


INTERVAL_CONFLICTS = _listing("interval_conflict")
HELD_INTERVALS = _listing(
    "held_interval", ("rule", "detail"), (word("held_interval.rule", ValidationRule),)
)

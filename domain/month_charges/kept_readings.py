"""By which readings the energies of a month were measured as JSON, and back. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from db.ids import MeterId
from domain.month_charges.energies import MeasuredBy, Shown

Json = Mapping[str, Any]


def written(measured_by: Sequence[MeasuredBy]) -> list[dict[str, Any]]:
    return [
        {
            "meter_id": one.meter_id,
            "multiplier": str(one.multiplier),
            "first": _shown(one.first),
            "last": _shown(one.last),
        }
        for one in measured_by
    ]


def read(said: Sequence[Json]) -> tuple[MeasuredBy, ...]:
    """Return what `written` made this of."""
    return tuple(
        MeasuredBy(
            MeterId(one["meter_id"]),
            Decimal(one["multiplier"]),
            _read_shown(one["first"]),
            _read_shown(one["last"]),
        )
        for one in said
    )


def _shown(shown: Shown) -> dict[str, Any]:
    return {"at": shown.at.isoformat(), "registers": dict(shown.registers)}


def _read_shown(said: Json) -> Shown:
    return Shown(datetime.fromisoformat(said["at"]), said["registers"])

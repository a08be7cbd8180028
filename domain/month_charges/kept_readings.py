"""By which readings the energies and peaks of a month were told as JSON, and back. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from db.ids import MeterId
from domain.month_charges.energies import MeasuredBy, Shown
from domain.month_charges.peaks import Peak, ToldBy

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


def peaks_written(peaks: Mapping[str, Peak | None]) -> dict[str, dict[str, Any]]:
    """Return who told the peaks that are known, by register."""
    return {
        register: {
            "meter_id": by.meter_id,
            "multiplier": str(by.multiplier),
            "at": by.at.isoformat(),
            "shown_w": by.shown_w,
        }
        for register, peak in peaks.items()
        if peak is not None and (by := peak.told_by) is not None
    }


def read_peaks(peaks_w: Mapping[str, int | None], told_by: Json) -> dict[str, Peak | None]:
    """Return peaks with whatever `peaks_written` made of who told them."""
    return {
        register: None if power_w is None else Peak(power_w, read_told_by(told_by.get(register)))
        for register, power_w in peaks_w.items()
    }


def read_told_by(said: Json | None) -> ToldBy | None:
    if said is None:
        return None
    return ToldBy(
        MeterId(said["meter_id"]),
        Decimal(said["multiplier"]),
        datetime.fromisoformat(said["at"]),
        said["shown_w"],
    )


def _shown(shown: Shown) -> dict[str, Any]:
    return {"at": shown.at.isoformat(), "registers": dict(shown.registers)}


def _read_shown(said: Json) -> Shown:
    return Shown(datetime.fromisoformat(said["at"]), said["registers"])

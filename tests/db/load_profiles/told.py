"""Intervals of load profiles, and what is stored of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from db import access
from db.enums import ProfileKind
from db.ids import FrameId
from domain.profiles.rules import Told
from domain.readings import operations as readings
from domain.readings.batch import Read
from tests.db.stored_readings import fetch
from tests.factories import NOW, Place

QUARTER = timedelta(minutes=15)


def told(
    place: Place,
    starts_at: datetime,
    *energies_wh: float,
    period: timedelta = QUARTER,
    channel: str = "1.5.0",
    kind: ProfileKind = ProfileKind.POWER,
    supply: int = 0,
) -> list[Told]:
    """Return consecutive intervals of a place's meter."""
    return [
        Told(
            company_id=place.company_id,
            meter_id=place.supplies[supply].meter_id,
            channel=channel,
            starts_at=starts_at + number * period,
            ends_at=starts_at + (number + 1) * period,
            kind=kind,
            unit="Wh",
            value=round(energy_wh * 1000),
            status="00",
            received_at=NOW,
            frame_id=FrameId(1),
        )
        for number, energy_wh in enumerate(energies_wh)
    ]


async def store(
    intervals: Sequence[Told], reads: Sequence[Read] = (), *, now: datetime = NOW
) -> None:
    async with access.system() as connection:
        await readings.store(connection, reads, profile=intervals, now=now)


async def stored(place: Place, table: str = "load_interval") -> list[tuple[datetime, float]]:
    rows = await fetch(
        f"select starts_at, value from {table} where company_id = $1 order by starts_at, value",
        place.company_id,
    )
    return [(row["starts_at"], row["value"] / 1000) for row in rows]

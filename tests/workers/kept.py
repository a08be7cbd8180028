"""Meters that keep registers from the ends of months, and what is told of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from collectors.protocols.iec62056_21.build import build_readout
from collectors.protocols.iec62056_21.clock import MeterClock
from collectors.protocols.iec62056_21.registers import Period, Register
from db.bell import Bell
from domain.frames.operations import IncomingFrame
from domain.readings.rules import clock_zone
from tests.db.invoicing import OPENED_AT
from tests.factories import Place, Supply
from tests.workers.readouts import drained, fetch, frames_of
from workers.ingest import Drain

EVERYTHING = (
    "reading", "held_reading", "reading_conflict", "register_set", "accrual", "account_balance",
    "journal", "outbox", "review_frame",
)  # fmt: skip


@dataclass(slots=True)
class Telling:
    """A place whose meters are read. bell: of every drain."""

    place: Place
    bell: Bell
    now: datetime
    drain: Drain | None = None

    def restart(self) -> None:
        self.drain = Drain(number=0, connections=1, bell=self.bell, clock=lambda: self.now)

    async def tell(self, at: datetime, *incoming: IncomingFrame) -> None:
        """Let frames come in and be drained at an instant."""
        self.now = at
        if self.drain is None:
            self.restart()
        assert self.drain is not None
        await drained(self.drain, incoming)

    async def read(
        self, at: datetime, index_wh: int | None, kept: Mapping[datetime, int], **changes: Any
    ) -> None:
        """Read the first meter. kept: what it kept, by when."""
        await self.tell(at, kept_frame(self.place, at, index_wh, kept, **changes))


async def make_room(owner_url: str) -> None:
    """Make room for frames and readings from January to April 2026."""
    owner = await asyncpg.connect(owner_url)
    await owner.execute("select ensure_partitions($1, 60, 80)", OPENED_AT)
    await owner.close()


def kept_frame(
    place: Place,
    at: datetime,
    index_wh: int | None,
    kept: Mapping[datetime, int],
    *,
    supply: Supply | None = None,
    clock_rule: str = "+03:00",
    shown_at: datetime | None = None,
    maxima_w: Mapping[datetime, int] | None = None,
) -> IncomingFrame:
    """Return a readout with what a meter kept, numbered in no order that tells anything.

    shown_at: what the meter's clock shows, if not the true time.
    maxima_w: of demand, by the instant of the readout and the ends of periods.
    """
    maxima = {
        told_at: (Register("1.6.0", power_w, 0, "W", 3),)
        for told_at, power_w in (maxima_w or {}).items()
    }
    periods = [
        Period(97 - place_of, printed(ended, clock_rule), (*maxima.get(ended, ()), total(kept_wh)))
        for place_of, (ended, kept_wh) in enumerate(kept.items())
    ]
    shown = [] if index_wh is None else [total(index_wh), Register("2.8.0", 0, 0, "Wh", 6)]
    text = build_readout(
        serial=(supply or place.supplies[0]).serial,
        registers=[*maxima.get(at, ()), *shown],
        clock=printed(shown_at or at, clock_rule),
        periods=periods,
    )
    return frames_of(place, text, received_at=at, read_at=at)


def printed(at: datetime, clock_rule: str = "+03:00") -> MeterClock:
    return MeterClock(at.astimezone(clock_zone(clock_rule)).replace(tzinfo=None), None)


def total(index_wh: int) -> Register:
    return Register("1.8.0", index_wh, 0, "Wh", 6)


async def known() -> list[tuple[datetime, int]]:
    """Return the instants and indexes of all readings, by time."""
    rows = await fetch("select ts, index_wh from reading order by ts, index_wh")
    return [(row["ts"], row["index_wh"]) for row in rows]


async def everything() -> dict[str, list[dict[str, Any]]]:
    return {table: await fetch(f"select * from {table} order by 1, 2") for table in EVERYTHING}

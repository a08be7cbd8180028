"""A simulated field that notes what its meters showed and what was acknowledged."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count, islice

from collectors.simulator.collector import Persistence, SimulatedCollector
from collectors.simulator.load import energy_wh, shape_of
from collectors.simulator.meter import SimulatedMeter
from db.ids import AccountId, CompanyId, MeterId
from tests.factories import TOKEN, Place, add_supply, make_place

BILLING_REGISTER = "1.8.0"
# Much shorter than in the field, so that no kill meets an idle moment.
PERIOD = timedelta(seconds=90)
# Collectors in the field wait longer; a test has no time.
PERSISTENCE = Persistence(retry_interval_s=2.0, retry_count=3, backoff_s=0.2, backoff_max_s=1.0)
ACKED_S_MAX = 180.0
WEAK_SHAPES = frozenset({"office", "shop"})
MULTIPLIERS = (Decimal(1), Decimal(40), Decimal("1.5"))


@dataclass(frozen=True, slots=True)
class Shown:
    """What a meter showed. at: by its clock, whole seconds. read_s: of `time.monotonic`."""

    at: datetime
    index_wh: int
    read_s: float


@dataclass(frozen=True, slots=True)
class WatchedMeter(SimulatedMeter):
    """A simulated meter that notes every readout."""

    shown: list[Shown] = field(default_factory=list)

    def readout(self, at: datetime) -> bytes:
        index_wh = self.registers_wh(at)[BILLING_REGISTER]
        self.shown.append(Shown(at.replace(microsecond=0), index_wh, time.monotonic()))
        return SimulatedMeter.readout(self, at)


@dataclass(frozen=True, slots=True)
class Supplied:
    """A meter and the account that pays for it from `opening_wh` on."""

    company_id: CompanyId
    meter_id: MeterId
    account_id: AccountId
    opening_wh: int
    multiplier: Decimal
    meter: WatchedMeter


@dataclass(slots=True)
class SimulatedField:
    """Collectors that push, each behind a place of its own.

    acked: digests of the frames that were acknowledged.
    """

    places: Sequence[Place]
    supplied: Sequence[Supplied]
    collectors: list[SimulatedCollector] = field(default_factory=list)
    acked: set[bytes] = field(default_factory=set)

    @property
    def shown(self) -> Iterator[tuple[Supplied, Shown]]:
        return ((supplied, shown) for supplied in self.supplied for shown in supplied.meter.shown)

    @asynccontextmanager
    async def pushing(
        self, port: int, *, clock: Callable[[], datetime], speed: float
    ) -> AsyncIterator[None]:
        """Push readouts while the context lasts, then until all of them are acknowledged."""
        self.collectors = [
            SimulatedCollector(
                host="127.0.0.1",
                port=port,
                flag="WTL",
                serial=place.collector_serial,
                token=TOKEN,
                meters=[s.meter for s in self.supplied if s.company_id == place.company_id],
                clock=clock,
                period=PERIOD,
                phase=PERIOD * number / len(self.places),
                speed=speed,
                persistence=PERSISTENCE,
                on_acked=lambda _reference_id, digest: self.acked.add(digest),
            )
            for number, place in enumerate(self.places)
        ]
        reading = [asyncio.create_task(collector.run()) for collector in self.collectors]
        try:
            yield
        finally:
            for task in reading:
                task.cancel()
            await asyncio.wait(reading)
        async with asyncio.timeout(ACKED_S_MAX), asyncio.TaskGroup() as rest:
            for collector in self.collectors:
                rest.create_task(collector.run(rounds=0))


async def make_field(*, collectors: int, meters: int, opened_at: datetime) -> SimulatedField:
    """Make companies with one collector and `meters` meters each; every other one multiplies."""
    places, supplied = [], []
    # What shops and offices draw, no meter takes for an error.
    weak_seeds = (seed for seed in count() if shape_of(seed).name in WEAK_SHAPES)
    for _ in range(collectors):
        place = await make_place(meters=0, opened_at=opened_at)
        places.append(place)
        for seed in islice(weak_seeds, meters):
            multiplier = MULTIPLIERS[seed % len(MULTIPLIERS)]
            supplied.append(await _supplied(place, seed, multiplier, opened_at))
    return SimulatedField(places, supplied)


async def _supplied(place: Place, seed: int, multiplier: Decimal, opened_at: datetime) -> Supplied:
    opening_wh = energy_wh(seed, opened_at)
    supply = await add_supply(
        place, opened_at=opened_at, multiplier=multiplier, initial_index_wh=opening_wh
    )
    assert supply.account_id is not None
    meter = WatchedMeter(supply.serial, seed)
    return Supplied(
        place.company_id, supply.meter_id, supply.account_id, opening_wh, multiplier, meter
    )

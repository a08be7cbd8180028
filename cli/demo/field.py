"""The demo's field: collectors that dial the gateway over TCP and push what their meters show."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from cli.demo.memory import Memory
from cli.demo.plan import FLAG, DemoMeter
from collectors.protocols.mass.dialects import STANDARD, VENDOR
from collectors.simulator.clock import FastClock
from collectors.simulator.collector import Persistence, SimulatedCollector

PAST_PERIOD: Final = timedelta(minutes=15)
PAST_ROUNDS_MAX: Final = 100
# As far back as readings are taken without a question, with a margin.
PAST_MAX: Final = timedelta(days=80)
READOUT_COST_S: Final = 0.0005
DEFAULT_SPEED: Final = 3600.0
HEARTBEAT: Final = timedelta(seconds=60)
PERSISTENCE: Final = Persistence(retry_interval_s=10, backoff_s=0.2, backoff_max_s=5)
# Every other collector is a make that cuts messages into pieces and has names of its own.
FRAGMENT_CHARS: Final = 160


@dataclass(slots=True)
class FieldWork:
    """How far the past is told: readouts to be acknowledged, and those that are."""

    total: int = 0
    collectors: list[SimulatedCollector] = field(default_factory=list)

    @property
    def acknowledged(self) -> int:
        return min(self.total, sum(collector.counters.acked for collector in self.collectors))


@dataclass(frozen=True, slots=True)
class SimulatedField:
    """clock: the true time. speed: how much faster the past goes by; None picks what fits.

    period: between two readouts of a meter once the past has reached the present.
    """

    memory: Memory
    host: str
    port: int
    clock: Callable[[], datetime]
    speed: float | None
    period: timedelta

    async def run(self, *, since: datetime, work: FieldWork) -> None:
        """Tell the past from `since` on, then the present until cancelled."""
        meters = [
            replace(meter, simulated=replace(meter.simulated, keeps_since=since))
            for meter in self.memory.plan.meters
        ]
        await self._tell_past(since, work, meters)
        collectors = self._collectors(meters, clock=self.clock, period=self.period, speed=1.0)
        async with asyncio.TaskGroup() as tasks:
            for collector in collectors:
                tasks.create_task(collector.run())

    async def _tell_past(
        self, since: datetime, work: FieldWork, meters: Sequence[DemoMeter]
    ) -> None:
        now = self.clock()
        since = max(since, now - PAST_MAX)
        period = max(PAST_PERIOD, (now - since) / PAST_ROUNDS_MAX)
        rounds = int((now - since) / period)
        speed = self.speed or self._fitting_speed(period)
        fast = FastClock(start=since, speed=speed, monotonic=monotonic)
        # A busy machine delays readouts; their time must not run ahead of the world's for that.
        collectors = self._collectors(
            meters,
            clock=lambda: min(fast(), self.clock()),
            period=period,
            speed=speed,
            is_past=True,
        )
        work.total, work.collectors = rounds * self.memory.meter_count, collectors
        async with asyncio.TaskGroup() as tasks:
            for collector in collectors:
                tasks.create_task(collector.run(rounds=rounds))

    def _fitting_speed(self, period: timedelta) -> float:
        round_s = self.memory.meter_count * READOUT_COST_S
        return min(DEFAULT_SPEED, period.total_seconds() / round_s)

    def _collectors(
        self,
        meters: Sequence[DemoMeter],
        *,
        clock: Callable[[], datetime],
        period: timedelta,
        speed: float,
        is_past: bool = False,
    ) -> list[SimulatedCollector]:
        plan = self.memory.plan
        spread = period / plan.collector_count
        return [
            SimulatedCollector(
                host=self.host,
                port=self.port,
                flag=FLAG,
                serial=plan.collector_serial(number),
                token=self.memory.collector_token,
                meters=[m.simulated for m in meters if m.collector == number],
                clock=clock,
                period=period,
                phase=period if is_past else number * spread,
                speed=speed,
                heartbeat=HEARTBEAT * speed,
                dialect=VENDOR if number % 2 else STANDARD,
                fragment_chars=FRAGMENT_CHARS if number % 2 else None,
                persistence=PERSISTENCE,
            )
            for number in range(plan.collector_count)
        ]

"""A simulated three-rate electricity meter and what it shows at any instant."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from collectors.protocols.iec62056_21.build import build_readout
from collectors.protocols.iec62056_21.clock import MeterClock
from collectors.protocols.iec62056_21.registers import Period, Register
from collectors.simulator.load import ZONE, tariff_energy_wh

IDENTIFICATION: Final = "SIM5\\2THREE-RATE"
REGISTER_DIGITS: Final = 6
MONTHS_KEPT: Final = 3
# The number of a stored month is a counter of two digits that begins again.
_NUMBERS: Final = 100
_MONTHS_IN_YEAR: Final = 12
# Every how many meters there is one with solar panels, and what share of T1 (daylight) it exports.
GENERATION_EVERY: Final = 8
EXPORT_PERCENT: Final = 30
# Reactive to active energy, by seed: wide enough that some customers break the limits.
_INDUCTIVE_PERCENTS: Final = range(5, 40)
_CAPACITIVE_PERCENTS: Final = range(18)


@dataclass(frozen=True, slots=True)
class SimulatedMeter:
    """Two meters with the same seed use the same energy.

    clock_error: how far its clock is ahead of the true time.
    keeps_since: it keeps the registers at the ends of months since then; None keeps none.
    """

    serial: str
    seed: int
    clock_error: timedelta = timedelta(0)
    keeps_since: datetime | None = None

    def registers_wh(self, at: datetime) -> Mapping[str, int]:
        """Return the registers by OBIS code at a true time (aware), in Wh and varh.

        The tariffs' registers add up to 1.8.0 exactly; none ever falls.
        """
        first, second, third = tariff_energy_wh(self.seed, at)
        total = first + second + third
        exports = self.seed % GENERATION_EVERY == 0
        inductive = _INDUCTIVE_PERCENTS[self.seed % len(_INDUCTIVE_PERCENTS)]
        capacitive = _CAPACITIVE_PERCENTS[self.seed % len(_CAPACITIVE_PERCENTS)]
        return {
            "1.8.0": total,
            "1.8.1": first,
            "1.8.2": second,
            "1.8.3": third,
            "2.8.0": first * EXPORT_PERCENT // 100 if exports else 0,
            "5.8.0": total * inductive // 100,
            "8.8.0": total * capacitive // 100,
        }

    def readout(self, at: datetime) -> bytes:
        """Return the whole readout at a true time (aware), as the meter's optical port gives it."""
        shown_at = self._shown(at)
        return build_readout(
            serial=self.serial,
            identification=IDENTIFICATION,
            clock=MeterClock(local=shown_at, season=None),
            registers=self._registers(at),
            periods=list(islice(self._months(shown_at), MONTHS_KEPT)),
        )

    def _shown(self, at: datetime) -> datetime:
        return (at + self.clock_error).astimezone(ZONE).replace(microsecond=0, tzinfo=None)

    def _months(self, shown_at: datetime) -> Iterator[Period]:
        """Yield what it kept at the ends of months by its own clock, the newest first."""
        if self.keeps_since is None:
            return
        ended = shown_at.replace(day=1, hour=0, minute=0, second=0)
        while (at := ended.replace(tzinfo=ZONE) - self.clock_error) > self.keeps_since:
            number = (ended.year * _MONTHS_IN_YEAR + ended.month) % _NUMBERS
            yield Period(number, MeterClock(ended, None), self._registers(at))
            ended = (ended - timedelta(days=1)).replace(day=1)

    def _registers(self, at: datetime) -> tuple[Register, ...]:
        return tuple(
            Register(
                obis=obis,
                value=value,
                scaler=0,
                unit="Wh" if obis[0] in "12" else "varh",
                digits=REGISTER_DIGITS,
            )
            for obis, value in self.registers_wh(at).items()
        )

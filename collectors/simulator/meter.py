"""A simulated three-rate electricity meter and what it shows at any instant."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from collectors.protocols.iec62056_21.build import build_readout
from collectors.protocols.iec62056_21.clock import MeterClock
from collectors.protocols.iec62056_21.registers import Register
from collectors.simulator.load import ZONE, tariff_energy_wh

IDENTIFICATION: Final = "SIM5\\2THREE-RATE"
REGISTER_DIGITS: Final = 6
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
    """

    serial: str
    seed: int
    clock_error: timedelta = timedelta(0)

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
        shown_at = (at + self.clock_error).astimezone(ZONE).replace(microsecond=0, tzinfo=None)
        return build_readout(
            serial=self.serial,
            identification=IDENTIFICATION,
            clock=MeterClock(local=shown_at, season=None),
            registers=[
                Register(
                    obis=obis,
                    value=value,
                    scaler=0,
                    unit="Wh" if obis[0] in "12" else "varh",
                    digits=REGISTER_DIGITS,
                )
                for obis, value in self.registers_wh(at).items()
            ],
        )

"""What the demo's company looks like: the same for the same numbers. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from collectors.simulator.load import energy_wh
from collectors.simulator.meter import SimulatedMeter
from db.enums import BillingMode, PointRole, Role
from domain.money import MICRO
from domain.units import WH_PER_KWH

METERS_MAX: Final = 5_000
COLLECTORS_MAX: Final = 50
METERS_PER_MODULE: Final = 10
FLAG: Final = "SIM"
MAKE: Final = "SIM"
CLOCK_RULE: Final = "+03:00"
TIME_ZONE: Final = "Europe/Istanbul"
CURRENCY: Final = "TRY"
PRICE_PER_KWH: Final = Decimal("4.25")
WARNING_LIMIT: Final = Decimal(50)

# Meters that are there to show something, by their place among the others.
CROSSES_LIMIT, BELOW_LIMIT, OVERDRAWN = 0, 1, 2
POSTPAID, COMMON_AREA, CHECK = 3, 4, 5
SHOWN_EVERY: Final = 20


@dataclass(frozen=True, slots=True)
class DemoField:
    """A field, in degrees, WGS 84; several may belong to one branch."""

    branch: str
    name: str
    latitude: float
    longitude: float


FIELDS: Final = (
    DemoField("Marmara", "Galata Arcade", 41.0256, 28.9741),
    DemoField("Marmara", "Gebze Industrial Zone", 40.8027, 29.4307),
    DemoField("Mediterranean", "Marina Shops", 36.8841, 30.7056),
    DemoField("Mediterranean", "Harbour Offices", 36.8121, 34.6415),
)
FIRST_NAMES: Final = ("Ayşe", "Mehmet", "Işıl", "Can", "Elif", "Oğuz", "Deniz", "Zeynep")
LAST_NAMES: Final = ("Yılmaz", "Kaya", "Demir", "Şahin", "Çelik", "Arslan", "Doğan")

EMAILS: Final = {
    Role.ADMINISTRATOR: "administrator",
    Role.OPERATOR: "operator",
    Role.AUDITOR: "auditor",
    Role.PARTNER: "partner",
    Role.SUBSCRIBER: "subscriber",
    Role.DEVELOPER: "developer",
}


@dataclass(frozen=True, slots=True)
class DemoMeter:
    """A meter and what hangs on it. number: from 0, over the whole company."""

    number: int
    collector: int
    simulated: SimulatedMeter

    @property
    def serial(self) -> str:
        return self.simulated.serial

    @property
    def kind(self) -> int:
        return self.number % SHOWN_EVERY

    @property
    def role(self) -> PointRole:
        kinds = {COMMON_AREA: PointRole.COMMON_AREA, CHECK: PointRole.CHECK}
        return kinds.get(self.kind, PointRole.BILLING)

    @property
    def billing_mode(self) -> BillingMode:
        return BillingMode.POSTPAID if self.kind == POSTPAID else BillingMode.PREPAID

    @property
    def subscriber_name(self) -> str:
        first = FIRST_NAMES[self.number % len(FIRST_NAMES)]
        last = LAST_NAMES[self.number // len(FIRST_NAMES) % len(LAST_NAMES)]
        return f"{first} {last}"

    def credit(self, *, since: datetime, now: datetime) -> Decimal:
        """Return what is paid in at the beginning; zero for an account that pays afterwards.

        since: when the account is opened. Some credits are such that they run low soon.
        """
        if self.billing_mode is BillingMode.POSTPAID:
            return Decimal(0)
        if self.kind == CROSSES_LIMIT:
            soon = now + timedelta(minutes=1 + self.number // SHOWN_EVERY)
            return WARNING_LIMIT + self._cost(since, soon)
        if self.kind == BELOW_LIMIT:
            return WARNING_LIMIT / 2 + self._cost(since, now)
        if self.kind == OVERDRAWN:
            return max(MICRO, self._cost(since, now) - 5)
        return self._cost(since, now) + 500 + self.number % 30 * 50

    def _cost(self, since: datetime, until: datetime) -> Decimal:
        seed = self.simulated.seed
        used_wh = energy_wh(seed, until) - energy_wh(seed, since)
        return (PRICE_PER_KWH * used_wh / WH_PER_KWH).quantize(MICRO)


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole demo. attempt: from 1; what one attempt left unfinished is in no later one's way."""

    attempt: int
    meter_count: int
    collector_count: int

    @property
    def company_name(self) -> str:
        return f"Demo Energy{self._suffix}"

    @property
    def meters(self) -> list[DemoMeter]:
        return [
            DemoMeter(
                number,
                number % self.collector_count,
                SimulatedMeter(
                    serial=f"{self.attempt:02}{number + 1:06}",
                    seed=self.attempt * METERS_MAX + number,
                    # A minute is within the drift that companies allow.
                    clock_error=timedelta(seconds=number % 7 * 10 - 30),
                ),
            )
            for number in range(self.meter_count)
        ]

    def collector_serial(self, collector: int) -> str:
        return f"D{self.attempt:02}{collector + 1:04}"

    def email(self, role: Role) -> str:
        return f"{EMAILS[role]}{self._suffix.strip()}@demo.example"

    @property
    def _suffix(self) -> str:
        return "" if self.attempt == 1 else f" {self.attempt}"

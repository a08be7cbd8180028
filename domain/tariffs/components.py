"""What a tariff version is made of. Pure; whether the parts fit together: `completeness`."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from db.enums import (
    ComponentKind,
    EnergyDirection,
    NettingPeriod,
    SlabPeriod,
    TariffDay,
    TaxPoint,
)
from domain.tariffs.reactive import ReactiveRules

TOTAL_IMPORT = "1.8.0"
TOTAL_EXPORT = "2.8.0"
MINUTES_A_DAY = 1440


@dataclass(frozen=True, slots=True)
class Flat:
    """One price. price: major currency units per kWh, kvarh or kW."""

    price: Decimal


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of some kinds of days.

    from_minute, until_minute: of the local clock, 0 to 1439 and 1 to 1440. One that ends at or
    before its beginning goes on after midnight, where the kind of the new day counts.
    """

    days: frozenset[TariffDay]
    from_minute: int
    until_minute: int

    def covers(self, kind: TariffDay, minute: int) -> bool:
        if kind not in self.days:
            return False
        if self.from_minute < self.until_minute:
            return self.from_minute <= minute < self.until_minute
        return minute >= self.from_minute or minute < self.until_minute


@dataclass(frozen=True, slots=True)
class Band:
    """Hours at one price. register: the meter's own count of these hours, where it keeps one."""

    name: str
    price: Decimal
    windows: tuple[Window, ...]
    register: str | None = None


@dataclass(frozen=True, slots=True)
class TimeOfUse:
    """Prices by the local hour; together the bands are all hours of all kinds of days."""

    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class Slab:
    """Consumption up to a limit that counts from the period's beginning; None is without end."""

    up_to_kwh: Decimal | None
    price: Decimal


@dataclass(frozen=True, slots=True)
class Slabs:
    """Prices by what was consumed since the local period began."""

    period: SlabPeriod
    slabs: tuple[Slab, ...]


@dataclass(frozen=True, slots=True)
class PerDay:
    """A fixed charge for each local day, however many hours it has."""

    price: Decimal


Shape = Flat | TimeOfUse | Slabs | PerDay


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One thing that is paid for. register: what measures it; None for a fixed charge."""

    name: str
    kind: ComponentKind
    shape: Shape
    direction: EnergyDirection = EnergyDirection.IMPORT
    register: str | None = TOTAL_IMPORT


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """A part of what some components and earlier taxes come to.

    rate: 0.2 for 20 %. on: kinds of components. on_taxes: names of taxes before this one.
    exempt: categories of subscribers who do not pay it.
    """

    name: str
    rate: Decimal
    on: frozenset[ComponentKind]
    on_taxes: frozenset[str] = frozenset()
    exempt: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Netting:
    """That only the surplus of each local period counts: what was imported beyond the export.

    on: kinds of components that are netted, of both directions.
    """

    period: NettingPeriod
    on: frozenset[ComponentKind] = frozenset({ComponentKind.ENERGY})

    def nets(self, component: Component) -> bool:
        """Whether a component is charged, or credited, for the surplus alone."""
        return component.kind in self.on and component.register is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Prices that hold together from an instant on. taxes: in the order in which they apply."""

    components: tuple[Component, ...]
    taxes: tuple[Tax, ...] = ()
    tax_point: TaxPoint = TaxPoint.CONSUMPTION
    special_days: frozenset[date] = frozenset()
    reactive: ReactiveRules | None = None
    netting: Netting | None = None


def flat(price_per_kwh: Decimal) -> Version:
    """Return the version that knows one price for active energy."""
    component = Component(
        name="Energy", kind=ComponentKind.ENERGY, shape=Flat(price_per_kwh), register=TOTAL_IMPORT
    )
    return Version(components=(component,))


def simple_price(version: Version) -> Decimal | None:
    """Return the price of a version that is one flat price on the total register and no more."""
    match version.components:
        case (
            Component(kind=ComponentKind.ENERGY, shape=Flat(price=price), register="1.8.0") as c,
        ):
            simple = c.direction is EnergyDirection.IMPORT and not version.taxes
            return price if simple and version.reactive is None else None
        case _:
            return None

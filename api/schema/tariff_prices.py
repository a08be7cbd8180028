"""Prices as they are proposed: the input of a tariff version."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar

import strawberry

from api.errors import BadUserInput
from api.schema.scalars import ExactNumber, LocalDate
from db.enums import (
    ComponentKind,
    EnergyDirection,
    NettingPeriod,
    SlabPeriod,
    TariffDay,
    TaxPoint,
)
from domain.tariffs import components
from domain.tariffs.components import Flat, PerDay, Shape, Slabs, TimeOfUse, Version
from domain.tariffs.reactive import LimitClass, ReactiveRules

# More is refused before it is looked at; `completeness` says what a version may have.
PARTS_MAX = 500

Part = TypeVar("Part")


@strawberry.input(description="Hours of some kinds of days, by the clock on the wall.")
class TariffWindowInput:
    days: list[TariffDay] = strawberry.field(description="On which kinds of days.")
    from_minute: int = strawberry.field(description="From which minute of the day, 0 to 1439.")
    until_minute: int = strawberry.field(
        description="Up to which minute, 1 to 1440; at or before the first, it is after midnight."
    )


@strawberry.input(description="Hours at one price.")
class TariffBandInput:
    name: str = strawberry.field(description="What it is called: `T1`.")
    price: ExactNumber = strawberry.field(description="In major units per kWh.")
    register: str | None = strawberry.field(
        default=None, description="The meter's own count of these hours, if it keeps one."
    )
    windows: list[TariffWindowInput] = strawberry.field(
        description="Which hours; all bands together are each hour of each kind of day once."
    )


@strawberry.input(description="Consumption of a period up to a limit, at one price.")
class TariffSlabInput:
    up_to_kwh: ExactNumber | None = strawberry.field(
        default=None, description="The limit, from the period's beginning; none for the last slab."
    )
    price: ExactNumber = strawberry.field(description="In major units per kWh.")


@strawberry.input(
    description="One thing that is paid for, with exactly one of `price`, `pricePerDay`, `bands`"
    " and `slabs`."
)
class TariffComponentInput:
    name: str = strawberry.field(description="What a bill calls it.")
    kind: ComponentKind = strawberry.field(description="What it pays for.")
    direction: EnergyDirection = strawberry.field(
        default=EnergyDirection.IMPORT, description="Which way the energy flows."
    )
    register: str | None = strawberry.field(
        default=None, description="The register that measures it: `1.8.0`; none for a fixed charge."
    )
    price: ExactNumber | None = strawberry.field(
        default=None, description="One price, in major units per kWh, kvarh or kW."
    )
    price_per_day: ExactNumber | None = strawberry.field(
        default=None, description="A fixed charge, in major units per local day."
    )
    bands: list[TariffBandInput] | None = strawberry.field(
        default=None, description="Prices by the hour."
    )
    slab_period: SlabPeriod = strawberry.field(
        default=SlabPeriod.MONTH, description="Over which time slabs count."
    )
    slabs: list[TariffSlabInput] | None = strawberry.field(
        default=None, description="Prices by consumption, the limits rising."
    )


@strawberry.input(description="A part of what some components and earlier taxes come to.")
class TariffTaxInput:
    name: str = strawberry.field(description="What a bill calls it.")
    rate: ExactNumber = strawberry.field(description="0.2 for 20 %.")
    on: list[ComponentKind] = strawberry.field(description="Which kinds of components bear it.")
    on_taxes: list[str] = strawberry.field(
        default_factory=list, description="Which earlier taxes bear it, by name."
    )
    exempt: list[str] = strawberry.field(
        default_factory=list, description="Which categories of subscribers do not pay it."
    )


@strawberry.input(description="Limits of reactive energy from an installed power on.")
class ReactiveLimitsInput:
    installed_kva_min: ExactNumber = strawberry.field(description="From which power on, in kVA.")
    inductive: ExactNumber = strawberry.field(description="As a part of active energy.")
    capacitive: ExactNumber = strawberry.field(description="As a part of active energy.")


@strawberry.input(description="Who pays for reactive energy, and from which ratio on.")
class ReactiveTermsInput:
    valid_from: LocalDate = strawberry.field(description="Since when a decree has it so.")
    classes: list[ReactiveLimitsInput] = strawberry.field(description="By rising installed power.")
    exempt: list[str] = strawberry.field(
        default_factory=list, description="Which categories of subscribers never pay."
    )
    single_phase_exempt: bool = strawberry.field(
        default=False, description="Whether one phase never pays."
    )
    connection_kw_exempt: ExactNumber | None = strawberry.field(
        default=None, description="Up to which connection power nobody pays, in kW."
    )
    waived_faults_a_year: int = strawberry.field(
        default=0, description="How many violations by a compensation fault are forgiven in a year."
    )
    waiver_ends_with_the_next: bool = strawberry.field(
        default=False, description="Whether a further fault has those charged after all."
    )


@strawberry.input(description="That only the surplus of each local period is paid for.")
class NettingTermsInput:
    period: NettingPeriod = strawberry.field(description="Over which time.")
    on: list[ComponentKind] = strawberry.field(
        default_factory=lambda: [ComponentKind.ENERGY],
        description="Which kinds of components are netted, of both directions: those of import are"
        " by the register 1.8.0, those of export by 2.8.0.",
    )


@strawberry.input(description="Prices that hold together.")
class TariffPricesInput:
    components: list[TariffComponentInput] = strawberry.field(description="What is paid for.")
    taxes: list[TariffTaxInput] = strawberry.field(
        default_factory=list, description="Taxes, in the order in which they apply."
    )
    tax_point: TaxPoint = strawberry.field(
        default=TaxPoint.CONSUMPTION, description="When its taxes fall due."
    )
    special_days: list[LocalDate] = strawberry.field(
        default_factory=list, description="Days that are no weekday, for prices by the hour."
    )
    reactive: ReactiveTermsInput | None = strawberry.field(
        default=None, description="Limits of reactive energy, for such a component."
    )
    netting: NettingTermsInput | None = strawberry.field(
        default=None, description="How export makes up for import; none for not at all."
    )


def version_said(said: TariffPricesInput) -> Version:
    """Return the version that an input describes; whether its parts fit is not looked at.

    :raises BadUserInput: a component has no price, or several
    """
    return Version(
        components=tuple(
            _component(one, f"input.prices.components.{place}")
            for place, one in enumerate(_bounded(said.components, "input.prices.components"))
        ),
        taxes=tuple(_tax(one) for one in _bounded(said.taxes, "input.prices.taxes")),
        tax_point=said.tax_point,
        special_days=_special_days(said.special_days),
        reactive=None if said.reactive is None else _reactive(said.reactive),
        netting=None if said.netting is None else _netting(said.netting),
    )


def _special_days(said: list[LocalDate]) -> frozenset[date]:
    return frozenset[date](_bounded(said, "input.prices.specialDays"))


def _bounded(parts: Sequence[Part], argument: str) -> Sequence[Part]:
    if len(parts) > PARTS_MAX:
        raise BadUserInput(argument, f"expected at most {PARTS_MAX}")
    return parts


def _component(said: TariffComponentInput, argument: str) -> components.Component:
    shapes: list[Shape] = []
    if said.price is not None:
        shapes.append(Flat(said.price))
    if said.price_per_day is not None:
        shapes.append(PerDay(said.price_per_day))
    if said.bands is not None:
        shapes.append(TimeOfUse(tuple(_band(b) for b in _bounded(said.bands, argument))))
    if said.slabs is not None:
        slabs = (components.Slab(s.up_to_kwh, s.price) for s in _bounded(said.slabs, argument))
        shapes.append(Slabs(said.slab_period, tuple(slabs)))
    if len(shapes) != 1:
        raise BadUserInput(argument, "expected one of price, pricePerDay, bands and slabs")
    return components.Component(
        name=said.name,
        kind=said.kind,
        direction=said.direction,
        register=said.register,
        shape=shapes[0],
    )


def _band(said: TariffBandInput) -> components.Band:
    windows = tuple(
        components.Window(frozenset(map(TariffDay, one.days)), one.from_minute, one.until_minute)
        for one in said.windows
    )
    return components.Band(said.name, said.price, windows, said.register)


def _tax(said: TariffTaxInput) -> components.Tax:
    return components.Tax(
        name=said.name,
        rate=said.rate,
        on=frozenset(map(ComponentKind, said.on)),
        on_taxes=frozenset(said.on_taxes),
        exempt=frozenset(said.exempt),
    )


def _reactive(said: ReactiveTermsInput) -> ReactiveRules:
    return ReactiveRules(
        valid_from=said.valid_from,
        classes=tuple(
            LimitClass(one.installed_kva_min, one.inductive, one.capacitive) for one in said.classes
        ),
        exempt=frozenset(said.exempt),
        single_phase_exempt=said.single_phase_exempt,
        connection_kw_exempt=said.connection_kw_exempt or Decimal(0),
        waived_faults_a_year=said.waived_faults_a_year,
        waiver_ends_with_the_next=said.waiver_ends_with_the_next,
    )


def _netting(said: NettingTermsInput) -> components.Netting:
    return components.Netting(period=said.period, on=frozenset(map(ComponentKind, said.on)))

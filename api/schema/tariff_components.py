"""What a tariff version is made of, as the schema shows it."""

from typing import Self

import strawberry

from api.schema.scalars import ExactNumber, LocalDate
from db.enums import ComponentKind, EnergyDirection, NettingPeriod, SlabPeriod, TariffDay
from domain.tariffs import components
from domain.tariffs.components import Flat, PerDay, Slabs, TimeOfUse
from domain.tariffs.reactive import LimitClass, ReactiveRules


@strawberry.type(description="Hours of some kinds of days, by the clock on the wall.")
class TariffWindow:
    days: list[TariffDay] = strawberry.field(description="On which kinds of days.")
    from_minute: int = strawberry.field(description="From which minute of the day, 0 to 1439.")
    until_minute: int = strawberry.field(
        description="Up to which minute, 1 to 1440; at or before the first, it is after midnight."
    )


@strawberry.type(description="Hours at one price.")
class TariffBand:
    name: str = strawberry.field(description="What it is called: `T1`.")
    price: ExactNumber = strawberry.field(description="In major units per kWh or kvarh.")
    register: str | None = strawberry.field(
        description="The meter's own count of these hours; null where it keeps none."
    )
    windows: list[TariffWindow] = strawberry.field(description="Which hours.")

    @classmethod
    def of(cls, band: components.Band) -> Self:
        windows = [
            TariffWindow(
                days=[day for day in TariffDay if day in window.days],
                from_minute=window.from_minute,
                until_minute=window.until_minute,
            )
            for window in band.windows
        ]
        price = ExactNumber(band.price)
        return cls(name=band.name, price=price, register=band.register, windows=windows)


@strawberry.type(description="Consumption of a period up to a limit, at one price.")
class TariffSlab:
    up_to_kwh: ExactNumber | None = strawberry.field(
        description="The limit, from the period's beginning; null for the last slab."
    )
    price: ExactNumber = strawberry.field(description="In major units per kWh.")


@strawberry.type(description="One thing that is paid for.")
class TariffComponent:
    name: str = strawberry.field(description="What a bill calls it.")
    kind: ComponentKind = strawberry.field(description="What it pays for.")
    direction: EnergyDirection = strawberry.field(description="Which way the energy flows.")
    register: str | None = strawberry.field(
        description="The register that measures it; null for a fixed charge."
    )
    price: ExactNumber | None = strawberry.field(
        description="In major units per kWh, kvarh or kW; null unless there is one price."
    )
    price_per_day: ExactNumber | None = strawberry.field(
        description="In major units per local day; null unless it is a fixed charge."
    )
    bands: list[TariffBand] = strawberry.field(description="Prices by the hour, if it has them.")
    slab_period: SlabPeriod | None = strawberry.field(
        description="Over which time slabs count; null without slabs."
    )
    slabs: list[TariffSlab] = strawberry.field(description="Prices by consumption, if any.")

    @classmethod
    def of(cls, one: components.Component) -> Self:
        shape = one.shape
        slabs = shape.slabs if isinstance(shape, Slabs) else ()
        bands = shape.bands if isinstance(shape, TimeOfUse) else ()
        return cls(
            name=one.name,
            kind=one.kind,
            direction=one.direction,
            register=one.register,
            price=ExactNumber(shape.price) if isinstance(shape, Flat) else None,
            price_per_day=ExactNumber(shape.price) if isinstance(shape, PerDay) else None,
            bands=[TariffBand.of(band) for band in bands],
            slab_period=shape.period if isinstance(shape, Slabs) else None,
            slabs=[
                TariffSlab(
                    up_to_kwh=None if slab.up_to_kwh is None else ExactNumber(slab.up_to_kwh),
                    price=ExactNumber(slab.price),
                )
                for slab in slabs
            ],
        )


@strawberry.type(description="A part of what some components and earlier taxes come to.")
class TariffTax:
    name: str = strawberry.field(description="What a bill calls it.")
    rate: ExactNumber = strawberry.field(description="0.2 for 20 %.")
    on: list[ComponentKind] = strawberry.field(description="Which kinds of components bear it.")
    on_taxes: list[str] = strawberry.field(description="Which earlier taxes bear it, by name.")
    exempt: list[str] = strawberry.field(
        description="Which categories of subscribers do not pay it."
    )

    @classmethod
    def of(cls, tax: components.Tax) -> Self:
        return cls(
            name=tax.name,
            rate=ExactNumber(tax.rate),
            on=[kind for kind in ComponentKind if kind in tax.on],
            on_taxes=sorted(tax.on_taxes),
            exempt=sorted(tax.exempt),
        )


@strawberry.type(description="That only the surplus of each local period is paid for.")
class NettingTerms:
    period: NettingPeriod = strawberry.field(description="Over which time.")
    on: list[ComponentKind] = strawberry.field(
        description="Which kinds of components are netted, of both directions."
    )

    @classmethod
    def of(cls, netting: components.Netting) -> Self:
        return cls(period=netting.period, on=sorted(netting.on))


@strawberry.type(description="Limits of reactive energy from an installed power on.")
class ReactiveLimits:
    installed_kva_min: ExactNumber = strawberry.field(description="From which power on, in kVA.")
    inductive: ExactNumber = strawberry.field(description="As a part of active energy.")
    capacitive: ExactNumber = strawberry.field(description="As a part of active energy.")

    @classmethod
    def of(cls, limits: LimitClass) -> Self:
        return cls(
            installed_kva_min=ExactNumber(limits.installed_kva_min),
            inductive=ExactNumber(limits.inductive),
            capacitive=ExactNumber(limits.capacitive),
        )


@strawberry.type(description="Who pays for reactive energy, and from which ratio on.")
class ReactiveTerms:
    valid_from: LocalDate = strawberry.field(description="Since when a decree has it so.")
    classes: list[ReactiveLimits] = strawberry.field(description="By installed power.")
    exempt: list[str] = strawberry.field(description="Which categories of subscribers never pay.")
    single_phase_exempt: bool = strawberry.field(description="Whether one phase never pays.")
    connection_kw_exempt: ExactNumber = strawberry.field(
        description="Up to which connection power nobody pays, in kW."
    )
    waived_faults_a_year: int = strawberry.field(
        description="How many violations by a compensation fault are forgiven in a year."
    )
    waiver_ends_with_the_next: bool = strawberry.field(
        description="Whether a further fault has those charged after all."
    )

    @classmethod
    def of(cls, rules: ReactiveRules) -> Self:
        return cls(
            valid_from=LocalDate(rules.valid_from),
            classes=[ReactiveLimits.of(limits) for limits in rules.classes],
            exempt=sorted(rules.exempt),
            single_phase_exempt=rules.single_phase_exempt,
            connection_kw_exempt=ExactNumber(rules.connection_kw_exempt),
            waived_faults_a_year=rules.waived_faults_a_year,
            waiver_ends_with_the_next=rules.waiver_ends_with_the_next,
        )

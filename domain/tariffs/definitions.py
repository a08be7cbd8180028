"""Tariff versions as JSON, and back. Pure; numbers are texts, so that none loses a digit."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from db.enums import (
    ComponentKind,
    EnergyDirection,
    NettingPeriod,
    SlabPeriod,
    TariffDay,
    TaxPoint,
)
from domain.tariffs.components import (
    Band,
    Component,
    Flat,
    Netting,
    PerDay,
    Shape,
    Slab,
    Slabs,
    Tax,
    TimeOfUse,
    Version,
    Window,
)
from domain.tariffs.reactive import LimitClass, ReactiveRules

Json = Mapping[str, Any]


def written(version: Version) -> dict[str, Any]:
    return {
        "components": [_component(component) for component in version.components],
        "taxes": [_tax(tax) for tax in version.taxes],
        "tax_point": version.tax_point.value,
        "special_days": sorted(day.isoformat() for day in version.special_days),
        "reactive": None if version.reactive is None else _reactive(version.reactive),
        "netting": None if version.netting is None else _netting(version.netting),
    }


def read(said: Json) -> Version:
    """Return the version that `written` made this of."""
    return Version(
        components=tuple(_read_component(one) for one in said["components"]),
        taxes=tuple(_read_tax(one) for one in said["taxes"]),
        tax_point=TaxPoint(said["tax_point"]),
        special_days=frozenset(map(date.fromisoformat, said["special_days"])),
        reactive=None if said["reactive"] is None else _read_reactive(said["reactive"]),
        # Versions from before there was netting do not say.
        netting=None if said.get("netting") is None else _read_netting(said["netting"]),
    )


def _component(component: Component) -> dict[str, Any]:
    return {
        "name": component.name,
        "kind": component.kind.value,
        "direction": component.direction.value,
        "register": component.register,
        "shape": _shape(component.shape),
    }


def _shape(shape: Shape) -> dict[str, Any]:
    match shape:
        case Flat(price=price):
            return {"flat": str(price)}
        case PerDay(price=price):
            return {"per_day": str(price)}
        case Slabs(period=period, slabs=slabs):
            limits = [(slab.up_to_kwh, slab.price) for slab in slabs]
            return {
                "slabs": [
                    {"up_to_kwh": None if limit is None else str(limit), "price": str(price)}
                    for limit, price in limits
                ],
                "period": period.value,
            }
        case TimeOfUse(bands=bands):
            return {"bands": [_band(band) for band in bands]}


def _band(band: Band) -> dict[str, Any]:
    return {
        "name": band.name,
        "price": str(band.price),
        "register": band.register,
        "windows": [
            {
                "days": sorted(day.value for day in window.days),
                "from": window.from_minute,
                "until": window.until_minute,
            }
            for window in band.windows
        ],
    }


def _tax(tax: Tax) -> dict[str, Any]:
    return {
        "name": tax.name,
        "rate": str(tax.rate),
        "on": sorted(kind.value for kind in tax.on),
        "on_taxes": sorted(tax.on_taxes),
        "exempt": sorted(tax.exempt),
    }


def _reactive(rules: ReactiveRules) -> dict[str, Any]:
    return {
        "valid_from": rules.valid_from.isoformat(),
        "classes": [
            {
                "installed_kva_min": str(limits.installed_kva_min),
                "inductive": str(limits.inductive),
                "capacitive": str(limits.capacitive),
            }
            for limits in rules.classes
        ],
        "exempt": sorted(rules.exempt),
        "single_phase_exempt": rules.single_phase_exempt,
        "connection_kw_exempt": str(rules.connection_kw_exempt),
        "waived_faults_a_year": rules.waived_faults_a_year,
        "waiver_ends_with_the_next": rules.waiver_ends_with_the_next,
    }


def _netting(netting: Netting) -> dict[str, Any]:
    return {"period": netting.period.value, "on": sorted(kind.value for kind in netting.on)}


def _read_component(said: Json) -> Component:
    return Component(
        name=said["name"],
        kind=ComponentKind(said["kind"]),
        direction=EnergyDirection(said["direction"]),
        register=said["register"],
        shape=_read_shape(said["shape"]),
    )


def _read_shape(said: Json) -> Shape:
    match said:
        case {"flat": price}:
            return Flat(Decimal(price))
        case {"per_day": price}:
            return PerDay(Decimal(price))
        case {"slabs": slabs, "period": period}:
            return Slabs(SlabPeriod(period), tuple(_read_slab(slab) for slab in slabs))
        case {"bands": bands}:
            return TimeOfUse(tuple(_read_band(band) for band in bands))
        case _:
            raise ValueError(f"no shape of a component: {said}")


def _read_slab(said: Json) -> Slab:
    limit = said["up_to_kwh"]
    return Slab(None if limit is None else Decimal(limit), Decimal(said["price"]))


def _read_band(said: Json) -> Band:
    windows = tuple(
        Window(frozenset(map(TariffDay, one["days"])), one["from"], one["until"])
        for one in said["windows"]
    )
    return Band(said["name"], Decimal(said["price"]), windows, said["register"])


def _read_tax(said: Json) -> Tax:
    return Tax(
        name=said["name"],
        rate=Decimal(said["rate"]),
        on=frozenset(map(ComponentKind, said["on"])),
        on_taxes=frozenset(said["on_taxes"]),
        exempt=frozenset(said["exempt"]),
    )


def _read_reactive(said: Json) -> ReactiveRules:
    return ReactiveRules(
        valid_from=date.fromisoformat(said["valid_from"]),
        classes=tuple(
            LimitClass(**{name: Decimal(number) for name, number in one.items()})
            for one in said["classes"]
        ),
        exempt=frozenset(said["exempt"]),
        single_phase_exempt=said["single_phase_exempt"],
        connection_kw_exempt=Decimal(said["connection_kw_exempt"]),
        waived_faults_a_year=said["waived_faults_a_year"],
        waiver_ends_with_the_next=said["waiver_ends_with_the_next"],
    )


def _read_netting(said: Json) -> Netting:
    return Netting(
        period=NettingPeriod(said["period"]), on=frozenset(map(ComponentKind, said["on"]))
    )

"""Whether the parts of a tariff version fit together, and how many it may have. Pure."""

import re
from collections.abc import Iterator
from decimal import Decimal

from db.enums import ComponentKind, EnergyDirection, TariffDay, TaxPoint
from domain.refusals import InvalidValue
from domain.tariffs.components import (
    MINUTES_A_DAY,
    TOTAL_EXPORT,
    TOTAL_IMPORT,
    Component,
    Flat,
    Netting,
    PerDay,
    Slabs,
    Tax,
    TimeOfUse,
    Version,
    Window,
)
from domain.tariffs.lines import tax_rates
from domain.tariffs.reactive import LIMIT_CLASSES_MAX, ReactiveRules

COMPONENTS_MAX = 20
BANDS_MAX = 12
WINDOWS_MAX = 24
SLABS_MAX = 12
TAXES_MAX = 10
SPECIAL_DAYS_MAX = 400
CATEGORIES_MAX = 50
NAME_CHARACTERS_MAX = 60
PRICE_MAX = Decimal(10**9)
PRICE_STEP = Decimal("0.000000001")
RATE_MAX = Decimal(10)
LIMIT_KWH_MAX = Decimal(10**9)

ENERGY_REGISTERS = re.compile(r"[1-8]\.8\.[0-9]")
DEMAND_REGISTERS = re.compile(r"[12]\.[67]\.[0-9]")


def check(version: Version, *path: str) -> None:
    """Return if the parts of a version fit together.

    path: where the input has it.

    :raises InvalidValue: a part does not; the path names the first one
    """
    try:
        _check(version)
    except InvalidValue as refusal:
        expected = str(refusal.facts["expected"])
        raise InvalidValue(*path, *refusal.path, expected=expected) from refusal


def _check(version: Version) -> None:
    _count(version.components, COMPONENTS_MAX, "components", minimum=1)
    _count(version.taxes, TAXES_MAX, "taxes")
    _count(version.special_days, SPECIAL_DAYS_MAX, "special_days")
    _distinct([c.name for c in version.components], "components")
    for place, component in enumerate(version.components):
        _check_component(component, version, "components", str(place))
    _check_taxes(version)
    if version.reactive is not None:
        _check_reactive(version.reactive)
    if version.netting is not None:
        _check_netting(version.netting, version)


def _check_component(component: Component, version: Version, *path: str) -> None:
    _name(component.name, *path, "name")
    fixed = isinstance(component.shape, PerDay)
    demand = component.kind is ComponentKind.DEMAND
    pattern = DEMAND_REGISTERS if demand else ENERGY_REGISTERS
    if fixed != (component.register is None):
        expected = "an OBIS code such as 1.8.0, unless the charge is fixed"
        raise InvalidValue(*path, "register", expected=expected)
    if component.register is not None and not pattern.fullmatch(component.register):
        raise InvalidValue(*path, "register", expected="an OBIS code such as 1.8.0 or 1.6.0")
    if fixed and component.direction is EnergyDirection.EXPORT:
        raise InvalidValue(*path, "direction", expected="IMPORT for a fixed charge")
    reactive = component.kind is ComponentKind.REACTIVE
    if (demand or reactive) and not isinstance(component.shape, Flat | PerDay):
        raise InvalidValue(*path, "shape", expected="one price for what is due by the month")
    if reactive and version.reactive is None:
        raise InvalidValue("reactive", expected="limits for the reactive component")
    _check_shape(component, *path)


def _check_shape(component: Component, *path: str) -> None:
    match component.shape:
        case Flat(price=price) | PerDay(price=price):
            _price(price, *path, "price")
        case TimeOfUse(bands=bands):
            _count(bands, BANDS_MAX, *path, "bands", minimum=1)
            _distinct([band.name for band in bands], *path, "bands")
            for place, band in enumerate(bands):
                _name(band.name, *path, "bands", str(place), "name")
                _price(band.price, *path, "bands", str(place), "price")
                if band.register and not ENERGY_REGISTERS.fullmatch(band.register):
                    raise InvalidValue(*path, "bands", str(place), "register", expected="1.8.1")
            _check_hours([w for band in bands for w in band.windows], *path, "bands")
        case Slabs():
            _check_slabs(component.shape, *path, "slabs")


def _check_hours(windows: list[Window], *path: str) -> None:
    """Return if each minute of each kind of day is in exactly one window."""
    _count(windows, WINDOWS_MAX, *path, minimum=1)
    for window in windows:
        in_day = 0 <= window.from_minute < MINUTES_A_DAY
        if not in_day or not 0 < window.until_minute <= MINUTES_A_DAY:
            raise InvalidValue(*path, expected="hours from 00:00 to 24:00")
    for kind in TariffDay:
        stretches = sorted(s for window in windows if kind in window.days for s in _minutes(window))
        reached = 0
        for starts, ends in stretches:
            if starts != reached:
                break
            reached = ends
        if reached != MINUTES_A_DAY or sum(e - s for s, e in stretches) != MINUTES_A_DAY:
            raise InvalidValue(*path, expected=f"each hour of {kind} in exactly one band")


def _minutes(window: Window) -> Iterator[tuple[int, int]]:
    if window.from_minute < window.until_minute:
        yield window.from_minute, window.until_minute
    else:
        yield window.from_minute, MINUTES_A_DAY
        yield 0, window.until_minute


def _check_slabs(shape: Slabs, *path: str) -> None:
    _count(shape.slabs, SLABS_MAX, *path, minimum=1)
    limits = [slab.up_to_kwh for slab in shape.slabs]
    bounded = [limit for limit in limits[:-1] if limit is not None]
    ascending = all(low < high for low, high in zip([Decimal(0), *bounded], bounded, strict=False))
    if len(bounded) != len(limits) - 1 or not ascending or limits[-1] is not None:
        raise InvalidValue(*path, expected="limits that rise, and a last slab without one")
    if bounded and bounded[-1] > LIMIT_KWH_MAX:
        raise InvalidValue(*path, expected=f"limits up to {LIMIT_KWH_MAX} kWh")
    for place, slab in enumerate(shape.slabs):
        _price(slab.price, *path, str(place), "price")


def _check_taxes(version: Version) -> None:
    _distinct([tax.name for tax in version.taxes], "taxes")
    earlier: set[str] = set()
    for place, tax in enumerate(version.taxes):
        _check_tax(tax, earlier, "taxes", str(place))
        earlier.add(tax.name)
    imported = [c for c in version.components if c.direction is EnergyDirection.IMPORT]
    if version.tax_point is TaxPoint.TOP_UP and any(
        len({tuple(tax_rates(c, version.taxes, category).items()) for c in imported}) > 1
        for category in (None, *sorted({who for tax in version.taxes for who in tax.exempt}))
    ):
        # What credit will be used for is not known when it is bought.
        raise InvalidValue("tax_point", expected="CONSUMPTION, as components are taxed differently")


def _check_tax(tax: Tax, earlier: set[str], *path: str) -> None:
    _name(tax.name, *path, "name")
    _count(tax.exempt, CATEGORIES_MAX, *path, "exempt")
    if not tax.rate.is_finite() or not 0 <= tax.rate <= RATE_MAX:
        raise InvalidValue(*path, "rate", expected=f"0 to {RATE_MAX}")
    if not tax.on:
        raise InvalidValue(*path, "on", expected="at least one kind of component")
    if not tax.on_taxes <= earlier:
        raise InvalidValue(*path, "on_taxes", expected="taxes that come before this one")


def _check_reactive(rules: ReactiveRules) -> None:
    _count(rules.classes, LIMIT_CLASSES_MAX, "reactive", "classes", minimum=1)
    minima = [limits.installed_kva_min for limits in rules.classes]
    if minima[0] != 0 or sorted(set(minima)) != minima:
        raise InvalidValue("reactive", "classes", expected="powers that rise from zero")
    for limits in rules.classes:
        if not 0 < limits.inductive <= 1 or not 0 < limits.capacitive <= 1:
            raise InvalidValue("reactive", "classes", expected="limits above 0 and up to 1")
    if rules.waived_faults_a_year < 0:
        raise InvalidValue("reactive", "waived_faults_a_year", expected="at least 0")


def _check_netting(netting: Netting, version: Version) -> None:
    """Return if what is netted is told by the two registers of all energy, one of each direction.

    What one register counts of another's energy would be netted by a part that nobody knows.
    """
    netted = [component for component in version.components if netting.nets(component)]
    for direction, register in (
        (EnergyDirection.IMPORT, TOTAL_IMPORT),
        (EnergyDirection.EXPORT, TOTAL_EXPORT),
    ):
        if {c.register for c in netted if c.direction is direction} != {register}:
            expected = f"components of these kinds by the register {register}, and by no other"
            raise InvalidValue("netting", "on", expected=f"{direction}: {expected}")


def _count(items: object, maximum: int, *path: str, minimum: int = 0) -> None:
    if not minimum <= len(items) <= maximum:  # type: ignore[arg-type] # a tuple, list or set
        raise InvalidValue(*path, expected=f"{minimum} to {maximum}")


def _distinct(names: list[str], *path: str) -> None:
    if len(set(names)) < len(names):
        raise InvalidValue(*path, expected="names that differ")


def _name(name: str, *path: str) -> None:
    if not name.strip() or not name.isprintable() or len(name) > NAME_CHARACTERS_MAX:
        raise InvalidValue(*path, expected=f"1 to {NAME_CHARACTERS_MAX} printable characters")


def _price(price: Decimal, *path: str) -> None:
    if not price.is_finite() or not 0 <= price <= PRICE_MAX or price % PRICE_STEP:
        raise InvalidValue(*path, expected=f"0 to {PRICE_MAX} with at most nine decimals")

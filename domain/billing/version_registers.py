"""Which registers a tariff version is charged by, besides the total. Pure."""

from domain.tariffs.chargeable import BAND_REGISTERS
from domain.tariffs.components import TOTAL_IMPORT, Band, Component, TimeOfUse, Version
from domain.tariffs.pricing import is_monthly


def bands_of(component: Component) -> tuple[Band, ...]:
    """Return the bands of a component whose hours the meter counts itself; none otherwise."""
    if not isinstance(component.shape, TimeOfUse) or component.register != TOTAL_IMPORT:
        return ()
    registers = [band.register or "" for band in component.shape.bands]
    are_parts = all(BAND_REGISTERS.fullmatch(register) for register in registers)
    return component.shape.bands if are_parts and len(set(registers)) == len(registers) else ()


def registers_of(version: Version) -> list[frozenset[str]]:
    """Return which registers have to be known together, besides the total."""
    groups = [
        frozenset(band.register for band in bands if band.register is not None)
        for component in version.components
        if (bands := bands_of(component))
    ]
    groups += [
        frozenset({component.register})
        for component in version.components
        if component.register not in (None, TOTAL_IMPORT) and not is_monthly(component)
    ]
    return list(dict.fromkeys(groups))


def shares_alike(one: Version, other: Version) -> bool:
    """Whether two versions share out the total by the same registers and hours."""
    hours = [
        [[(b.register, b.windows) for b in bands_of(c)] for c in version.components if bands_of(c)]
        for version in (one, other)
    ]
    return hours[0] == hours[1] and one.special_days == other.special_days

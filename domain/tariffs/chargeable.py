"""Which versions billing can charge by today: nobody is to be charged wrongly. Pure."""

import re
from collections.abc import Sequence

from db.enums import ComponentKind, EnergyDirection, TaxPoint
from domain.refusals import Refused
from domain.tariffs.components import TOTAL_IMPORT, Component, Slabs, TimeOfUse, Version
from domain.tariffs.pricing import is_monthly

# The meter's own counts of parts of the total.
BAND_REGISTERS = re.compile(r"1\.8\.[1-9]")
EXPORT_REGISTERS = re.compile(r"2\.8\.[0-9]")
# The highest mean power that was imported, and reactive energies.
DEMAND_REGISTERS = re.compile(r"1\.6\.[0-9]")
REACTIVE_REGISTERS = re.compile(r"[3-8]\.8\.0")


class NotChargeable(Refused):
    """Billing cannot charge by the fact `part` yet."""


def check_chargeable(version: Version) -> None:
    """Return if meters can be charged by a version.

    What is due at the end of a month is the highest demand that was imported, and the reactive
    energy of all registers together: one register names it.
    Of registers other than the total it is not known where periods of slabs begin. What is earned
    by exporting was not bought, and so not taxed then.

    :raises NotChargeable: it has something that billing does not charge yet
    """
    reactive = [c.register for c in version.components if _is_reactive(c)]
    for place, component in enumerate(version.components):
        if is_monthly(component):
            _check_monthly(component, place, reactive[:1])
        elif component.direction is EnergyDirection.EXPORT and not _is_export(component, version):
            raise NotChargeable(part=f"components.{place}.direction")
        if component.register != TOTAL_IMPORT and isinstance(component.shape, Slabs):
            raise NotChargeable(part=f"components.{place}.register")


def _check_monthly(component: Component, place: int, reactive: Sequence[str | None]) -> None:
    """Return if a component is due at the end of a month as it says.

    reactive: the register of the first component of reactive energy. All are charged for the same
    energy, inductive or capacitive: registers that differ would say otherwise.
    """
    if component.direction is not EnergyDirection.IMPORT:
        raise NotChargeable(part=f"components.{place}.direction")
    register = component.register or ""
    if component.kind is ComponentKind.DEMAND:
        known = bool(DEMAND_REGISTERS.fullmatch(register))
    else:
        known = bool(REACTIVE_REGISTERS.fullmatch(register)) and register in reactive
    if not known:
        raise NotChargeable(part=f"components.{place}.register")


def _is_reactive(component: Component) -> bool:
    return component.kind is ComponentKind.REACTIVE and is_monthly(component)


def _is_export(component: Component, version: Version) -> bool:
    taxed_before = bool(version.taxes) and version.tax_point is TaxPoint.TOP_UP
    return bool(EXPORT_REGISTERS.fullmatch(component.register or "")) and not taxed_before


def check_bands(version: Version) -> None:
    """Return if a version can be charged by the registers in which a meter counts bands itself.

    :raises NotChargeable: a band has no register of its own that is part of the total
    """
    for place, component in enumerate(version.components):
        if not isinstance(component.shape, TimeOfUse) or component.register != TOTAL_IMPORT:
            continue
        seen: set[str] = set()
        for number, band in enumerate(component.shape.bands):
            if not BAND_REGISTERS.fullmatch(band.register or "") or band.register in seen:
                raise NotChargeable(part=f"components.{place}.bands.{number}.register")
            seen.add(band.register or "")

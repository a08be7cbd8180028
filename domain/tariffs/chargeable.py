"""Which versions billing can charge by today: nobody is to be charged wrongly. Pure."""

import re

from db.enums import BillingBasis, EnergyDirection, TaxPoint
from domain.refusals import Refused
from domain.tariffs.components import TOTAL_IMPORT, Component, Slabs, TimeOfUse, Version
from domain.tariffs.pricing import is_monthly

# The meter's own counts of parts of the total.
BAND_REGISTERS = re.compile(r"1\.8\.[1-9]")
EXPORT_REGISTERS = re.compile(r"2\.8\.[0-9]")


class NotChargeable(Refused):
    """Billing cannot charge by the fact `part` yet."""


def check_chargeable(version: Version) -> None:
    """Return if meters can be charged by a version.

    Nobody runs yet what is due at the end of a month.
    Of registers other than the total it is not known where periods of slabs begin. What is earned
    by exporting was not bought, and so not taxed then.

    :raises NotChargeable: it has something that billing does not charge yet
    """
    for place, component in enumerate(version.components):
        if is_monthly(component):
            raise NotChargeable(part=f"components.{place}.kind")
        if component.direction is EnergyDirection.EXPORT and not _is_export(component, version):
            raise NotChargeable(part=f"components.{place}.direction")
        if component.register != TOTAL_IMPORT and isinstance(component.shape, Slabs):
            raise NotChargeable(part=f"components.{place}.register")


def _is_export(component: Component, version: Version) -> bool:
    taxed_before = bool(version.taxes) and version.tax_point is TaxPoint.TOP_UP
    return bool(EXPORT_REGISTERS.fullmatch(component.register or "")) and not taxed_before


def check_basis(basis: BillingBasis) -> None:
    """Return if meters can be charged on a billing basis.

    :raises NotChargeable: they cannot yet, for no load profiles are kept
    """
    if basis is BillingBasis.INTERVAL:
        raise NotChargeable("billing_basis", part=basis.value)


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

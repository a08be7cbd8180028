"""Which versions billing can charge by today: nobody is to be charged wrongly. Pure."""

import re

from db.enums import BillingBasis, EnergyDirection
from domain.refusals import Refused
from domain.tariffs.components import TOTAL_IMPORT, Flat, TimeOfUse, Version
from domain.tariffs.pricing import is_monthly

# The meter's own counts of parts of the total.
BAND_REGISTERS = re.compile(r"1\.8\.[1-9]")


class NotChargeable(Refused):
    """Billing cannot charge by the fact `part` yet."""


def check_chargeable(version: Version) -> None:
    """Return if meters can be charged by a version.

    Nobody says yet of which category a subscriber is, nor runs what is due at the end of a month.
    Of registers other than the total it is not known where periods of slabs begin, nor hours.

    :raises NotChargeable: it has something that billing does not charge yet
    """
    for place, component in enumerate(version.components):
        if is_monthly(component):
            raise NotChargeable(part=f"components.{place}.kind")
        if component.direction is EnergyDirection.EXPORT:
            raise NotChargeable(part=f"components.{place}.direction")
        is_total = component.register in (None, TOTAL_IMPORT)
        if not is_total and not isinstance(component.shape, Flat):
            raise NotChargeable(part=f"components.{place}.register")
    for place, tax in enumerate(version.taxes):
        if tax.exempt:
            raise NotChargeable(part=f"taxes.{place}.exempt")


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
        if not isinstance(component.shape, TimeOfUse):
            continue
        seen: set[str] = set()
        for number, band in enumerate(component.shape.bands):
            if not BAND_REGISTERS.fullmatch(band.register or "") or band.register in seen:
                raise NotChargeable(part=f"components.{place}.bands.{number}.register")
            seen.add(band.register or "")

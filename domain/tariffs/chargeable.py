"""Which versions billing can charge by today: nobody is to be charged wrongly. Pure."""

from db.enums import BillingBasis, EnergyDirection
from domain.refusals import Refused
from domain.tariffs.components import TOTAL_IMPORT, Version
from domain.tariffs.pricing import is_monthly


class NotChargeable(Refused):
    """Billing cannot charge by the fact `part` yet."""


def check_chargeable(version: Version) -> None:
    """Return if meters can be charged by a version.

    What readings bring is the total register; nobody says yet of which category a subscriber is,
    nor runs what is due at the end of a month.

    :raises NotChargeable: it has something that billing does not charge yet
    """
    for place, component in enumerate(version.components):
        if is_monthly(component):
            raise NotChargeable(part=f"components.{place}.kind")
        if component.direction is EnergyDirection.EXPORT:
            raise NotChargeable(part=f"components.{place}.direction")
        if component.register not in (None, TOTAL_IMPORT):
            raise NotChargeable(part=f"components.{place}.register")
    for place, tax in enumerate(version.taxes):
        if tax.exempt:
            raise NotChargeable(part=f"taxes.{place}.exempt")


def check_basis(basis: BillingBasis) -> None:
    """Return if meters can be charged on a billing basis.

    :raises NotChargeable: they cannot yet
    """
    if basis is not BillingBasis.TOTAL_REGISTER:
        raise NotChargeable("billing_basis", part=basis.value)

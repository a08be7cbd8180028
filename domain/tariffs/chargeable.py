"""Which versions billing can charge by today: nobody is to be charged wrongly. Pure."""

from db.enums import BillingBasis
from domain.refusals import Refused
from domain.tariffs.components import Version, simple_price


class NotChargeable(Refused):
    """Billing cannot charge by this yet."""


def check_chargeable(version: Version) -> None:
    """Return if meters can be charged by a version.

    :raises NotChargeable: it has something that billing does not charge yet; the path says what
    """
    if simple_price(version) is None:
        raise NotChargeable("components")


def check_basis(basis: BillingBasis) -> None:
    """Return if meters can be charged on a billing basis.

    :raises NotChargeable: they cannot yet
    """
    if basis is not BillingBasis.TOTAL_REGISTER:
        raise NotChargeable("billing_basis")

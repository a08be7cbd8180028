"""The payment providers of an installation, by its settings. A new one is added here."""

from collections.abc import Callable
from datetime import datetime

from db.settings import Settings
from domain.topups.gateway import Gateways


def gateways_of(settings: Settings, *, clock: Callable[[], datetime]) -> Gateways:
    """Return the providers whose keys the settings have; they are closed by whoever asked."""
    if settings.stripe_secret_key is None:
        return Gateways()
    # Its library takes a quarter of a second to load, which is for those alone who need it.
    from domain.topups.stripe import StripeGateway  # noqa: PLC0415

    return Gateways(
        StripeGateway(
            secret_key=settings.stripe_secret_key,
            webhook_secrets=settings.stripe_webhook_secrets,
            api_url=settings.stripe_api_url,
            clock=clock,
        )
    )

"""Who takes the demo's payments: Stripe, if its keys are set, else a twin of it beside the code."""

import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Final

from cli.embedded.ports import LOOPBACK
from db.settings import Settings

# Of the tests, which are there when the demo runs from a copy of the repository.
MODULE: Final = "tests.stripe_twin"
SECRET_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class Twin:
    """A twin of Stripe, and what the processes are told of it. webhooks: where events go."""

    port: int
    webhooks: str
    secret: str = field(repr=False)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def address(self) -> tuple[str, int]:
        return LOOPBACK, self.port

    @property
    def line(self) -> Sequence[str]:
        return (
            *(sys.executable, "-m", MODULE, "--tied", "--port", str(self.port)),
            *("--webhook-url", self.webhooks, "--webhook-secret", self.secret),
        )

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "WATTLEDGER_STRIPE_SECRET_KEY": "sk_test_of_the_twin",
            "WATTLEDGER_STRIPE_WEBHOOK_SECRETS": self.secret,
            "WATTLEDGER_STRIPE_API_URL": self.url,
        }


def twin_of(settings: Settings, *, api_port: int, port: int) -> Twin | None:
    """Return the twin to run; None where Stripe's own keys are set, or there is no twin."""
    if settings.stripe_secret_key is not None or not _is_there():
        return None
    host = f"[{settings.api_host}]" if ":" in settings.api_host else settings.api_host
    webhooks = f"http://{host}:{api_port}/webhooks/stripe"
    return Twin(port, webhooks, f"whsec_{secrets.token_hex(SECRET_BYTES)}")


def _is_there() -> bool:
    try:
        return find_spec(MODULE) is not None
    except ModuleNotFoundError:
        return False

"""What all requests work with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from api.permissions.confine import Confine, confine
from api.rate_limits import RateLimits
from domain.subscribers.keyring import Keyring
from domain.topups.gateway import Gateways

if TYPE_CHECKING:
    from api.auth import Authenticator
    from api.file_tokens import FileTokens
    from api.live import LiveFeed


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """Made once, when the application is.

    clock: the time, aware, in UTC.
    keyring: opens and seals people's data.
    confine: what makes the caller's wall.
    gateways: the payment providers.
    """

    clock: Callable[[], datetime]
    live: "LiveFeed"
    auth: "Authenticator"
    limits: RateLimits
    files: "FileTokens"
    keyring: Keyring
    confine: Confine = confine
    gateways: Gateways = field(default_factory=Gateways)

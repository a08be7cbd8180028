"""Where the demo's processes listen, and the environment that tells them."""

import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from cli.demo.payments import Twin
from cli.demo.welcome import Whereabouts
from cli.embedded.ports import ANY_PORT, LOOPBACK, is_free
from cli.servers import Addresses
from cli.surroundings import inherited_environment
from db.settings import PUBLIC_URL, Settings

MAIL_PAGE_PORT = 8025


@dataclass(frozen=True, slots=True)
class Listening:
    """The ports of each process, all free when they were chosen."""

    api: int
    gateway: int
    worker_health: int
    gateway_health: int
    smtp: int
    mail_page: int
    payments: int

    @classmethod
    def chosen(cls, settings: Settings, said: Callable[[str], None]) -> "Listening":
        """Take the ports of the settings, and others for those that are taken, which is said."""
        wanted = {
            "api": settings.api_port,
            "gateway": settings.gateway_port,
            "worker_health": settings.worker_health_port,
            "gateway_health": settings.gateway_health_port,
            "smtp": ANY_PORT,
            "mail_page": MAIL_PAGE_PORT,
            "payments": ANY_PORT,
        }
        ports = {}
        with ExitStack() as held:
            for name, port in wanted.items():
                ports[name] = port if port and is_free(port) else _any_port(held)
                if port not in {ANY_PORT, ports[name]}:
                    said(f"Port {port} is taken; {ports[name]} is used instead.")
        return cls(**ports)

    def health(self, settings: Settings) -> Mapping[str, tuple[str, int]]:
        """Return where each process says how it is, in the order in which work flows."""
        return {
            "gateway": (settings.health_host, self.gateway_health),
            "worker": (settings.health_host, self.worker_health),
            "api": (settings.api_host, self.api),
        }

    def environment(
        self, settings: Settings, found: Addresses, twin: Twin | None
    ) -> dict[str, str]:
        """Return what the processes are told. twin: who takes payments, if a twin does."""
        return inherited_environment(
            {
                **({} if twin is None else twin.environment),
                **self._public_url(settings),
                "DATABASE_URL": found.urls.owner,
                "DATABASE_APP_URL": found.urls.app,
                "DATABASE_SYSTEM_URL": found.urls.system,
                "REDIS_URL": found.redis_url,
                "WATTLEDGER_TOKEN_SECRET": settings.token_secret or "",
                "WATTLEDGER_DATA_KEY": settings.data_key or "",
                "WATTLEDGER_HOME": str(settings.home.resolve()),
                "WATTLEDGER_API_PORT": str(self.api),
                "WATTLEDGER_GATEWAY_PORT": str(self.gateway),
                "WATTLEDGER_GATEWAY_HEALTH_PORT": str(self.gateway_health),
                "WATTLEDGER_WORKER_HEALTH_PORT": str(self.worker_health),
                "WATTLEDGER_SMTP_URL": settings.smtp_url or f"smtp://{LOOPBACK}:{self.smtp}",
                "WATTLEDGER_SMS_GATEWAY": settings.sms_gateway or "log",
                "WATTLEDGER_LOG_FORMAT": "json",
            }
        )

    def _public_url(self, settings: Settings) -> dict[str, str]:
        """Return where links of mails lead, if nobody has said: to the port that was chosen."""
        if settings.public_url != PUBLIC_URL:
            return {}
        return {"WATTLEDGER_PUBLIC_URL": f"http://localhost:{self.api}"}

    def whereabouts(self, settings: Settings, twin: Twin | None) -> Whereabouts:
        return Whereabouts(
            payments=None if twin is None else twin.url,
            api=f"http://{settings.api_host}:{self.api}",
            gateway=f"{settings.gateway_host}:{self.gateway}",
            health={
                name: f"http://{host}:{port}"
                for name, (host, port) in self.health(settings).items()
            },
            mail=None if settings.smtp_url else f"http://{LOOPBACK}:{self.mail_page}/",
            home=settings.home,
        )


def _any_port(held: ExitStack) -> int:
    """Return a free port, held until all are chosen, so that no two of them are the same."""
    probe = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind((LOOPBACK, ANY_PORT))
    port: int = probe.getsockname()[1]
    return port

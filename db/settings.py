"""What the environment may say, checked as a whole once at the start of a process.

The environment is passed in; nothing here reads it. Each field names its variable, and
`.env.example` describes them all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from db import setting_values as read
from db.setting_values import IPNetwork

PREFIX = "WATTLEDGER_"
FILE_SUFFIX = "_FILE"
FILE_BYTES_MAX = 64 * 1024
PUBLIC_URL = "http://localhost:8080"

# Read by the tests alone; a process that inherits it from them is not misconfigured.
FOREIGN = frozenset({"WATTLEDGER_REAL_DATA"})


@dataclass(frozen=True, slots=True)
class Problem:
    """A variable that cannot be used, and what it should have been."""

    name: str
    expected: str


class InvalidSettings(Exception):
    """Variables are unknown, malformed or missing; `problems` lists them all by name."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: problem.name)
        lines = [f"  {problem.name}: {problem.expected}" for problem in self.problems]
        super().__init__("\n".join(["These settings cannot be used:", *lines]))


@dataclass(frozen=True, slots=True)
class Urls:
    """One database as its three roles see it."""

    owner: str = field(repr=False)
    app: str = field(repr=False)
    system: str = field(repr=False)

    def of(self, database: str) -> "Urls":
        """Return the URLs of another database on the same server."""
        return Urls(
            *(
                urlsplit(url)._replace(path=f"/{database}").geturl()
                for url in (self.owner, self.app, self.system)
            )
        )


def _variable(name: str, reader: Callable[[str], object]) -> dict[str, object]:
    return {"variable": name, "read": reader}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of every process. What is None is started or made by the embedded mode."""

    database_owner_url: str | None = field(
        default=None, repr=False, metadata=_variable("DATABASE_URL", read.database_url)
    )
    database_app_url: str | None = field(
        default=None, repr=False, metadata=_variable("DATABASE_APP_URL", read.database_url)
    )
    database_system_url: str | None = field(
        default=None, repr=False, metadata=_variable("DATABASE_SYSTEM_URL", read.database_url)
    )
    redis_url: str | None = field(
        default=None, repr=False, metadata=_variable("REDIS_URL", read.redis_url)
    )
    home: Path = field(default=Path(".wattledger"), metadata=_variable("WATTLEDGER_HOME", Path))
    api_host: str = field(default="127.0.0.1", metadata=_variable("WATTLEDGER_API_HOST", read.host))
    api_port: int = field(default=8080, metadata=_variable("WATTLEDGER_API_PORT", read.port))
    gateway_host: str = field(
        default="127.0.0.1", metadata=_variable("WATTLEDGER_GATEWAY_HOST", read.host)
    )
    gateway_port: int = field(
        default=7700, metadata=_variable("WATTLEDGER_GATEWAY_PORT", read.port)
    )
    health_host: str = field(
        default="127.0.0.1", metadata=_variable("WATTLEDGER_HEALTH_HOST", read.host)
    )
    gateway_health_port: int = field(
        default=8082, metadata=_variable("WATTLEDGER_GATEWAY_HEALTH_PORT", read.port)
    )
    gateway_allowlist: tuple[IPNetwork, ...] = field(
        default=(), metadata=_variable("WATTLEDGER_GATEWAY_ALLOWLIST", read.networks)
    )
    gateway_tokenless: bool = field(
        default=False, metadata=_variable("WATTLEDGER_GATEWAY_TOKENLESS", read.switch)
    )
    worker_health_port: int = field(
        default=8081, metadata=_variable("WATTLEDGER_WORKER_HEALTH_PORT", read.port)
    )
    ingest_connections: int = field(
        default=2, metadata=_variable("WATTLEDGER_INGEST_CONNECTIONS", read.ingest_connections)
    )
    token_secret: str | None = field(
        default=None, repr=False, metadata=_variable("WATTLEDGER_TOKEN_SECRET", read.secret)
    )
    data_key: str | None = field(
        default=None, repr=False, metadata=_variable("WATTLEDGER_DATA_KEY", read.secret)
    )
    access_token_ttl: timedelta = field(
        default=timedelta(minutes=15),
        metadata=_variable("WATTLEDGER_ACCESS_TOKEN_TTL_S", read.seconds),
    )
    refresh_token_ttl: timedelta = field(
        default=timedelta(days=30),
        metadata=_variable("WATTLEDGER_REFRESH_TOKEN_TTL_S", read.seconds),
    )
    allowed_origins: tuple[str, ...] = field(
        default=(), metadata=_variable("WATTLEDGER_ALLOWED_ORIGINS", read.origins)
    )
    cost_budget: int = field(
        default=20_000, metadata=_variable("WATTLEDGER_COST_BUDGET", read.cost_budget)
    )
    cost_budget_per_s: int = field(
        default=500, metadata=_variable("WATTLEDGER_COST_BUDGET_PER_S", read.cost_budget_per_s)
    )
    public_url: str = field(
        default=PUBLIC_URL, metadata=_variable("WATTLEDGER_PUBLIC_URL", read.web_url)
    )
    oidc_private_issuers: bool = field(
        default=False, metadata=_variable("WATTLEDGER_OIDC_PRIVATE_ISSUERS", read.switch)
    )
    einvoice_folder: Path | None = field(
        default=None, metadata=_variable("WATTLEDGER_EINVOICE_FOLDER", Path)
    )
    smtp_url: str | None = field(
        default=None, repr=False, metadata=_variable("WATTLEDGER_SMTP_URL", read.smtp_url)
    )
    mail_from: str = field(
        default="Wattledger <wattledger@localhost>",
        metadata=_variable("WATTLEDGER_MAIL_FROM", read.mailbox),
    )
    sms_gateway: str | None = field(
        default=None, metadata=_variable("WATTLEDGER_SMS_GATEWAY", read.sms_gateway)
    )
    stripe_secret_key: str | None = field(
        default=None,
        repr=False,
        metadata=_variable("WATTLEDGER_STRIPE_SECRET_KEY", read.stripe_key),
    )
    stripe_webhook_secrets: tuple[str, ...] = field(
        default=(),
        repr=False,
        metadata=_variable("WATTLEDGER_STRIPE_WEBHOOK_SECRETS", read.webhook_secrets),
    )
    stripe_api_url: str = field(
        default="https://api.stripe.com",
        metadata=_variable("WATTLEDGER_STRIPE_API_URL", read.web_url),
    )
    log_level: str = field(
        default="INFO", metadata=_variable("WATTLEDGER_LOG_LEVEL", read.log_level)
    )
    log_format: str = field(
        default="auto", metadata=_variable("WATTLEDGER_LOG_FORMAT", read.log_format)
    )
    production: bool = field(
        default=False, metadata=_variable("WATTLEDGER_PRODUCTION", read.switch)
    )

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Return what `env` says; an empty value counts as none.

        Any variable may be given as NAME_FILE instead: the path of a file with the value.

        :raises InvalidSettings: with every problem at once
        """
        values: dict[str, Any] = {}
        problems = _unknown(env)
        for name, variable in VARIABLES.items():
            try:
                text = _text_of(name, env)
                if text:
                    values[variable.name] = variable.metadata["read"](text)
            except ValueError as error:
                problems.append(Problem(name, f"expected {error}"))
        settings = cls(**values)
        problems += _contradictions(settings, found={problem.name for problem in problems})
        if problems:
            raise InvalidSettings(problems)
        return settings

    @property
    def databases(self) -> Urls | None:
        """The database's three URLs; None when an embedded server is to be started."""
        owner, app, system = (
            self.database_owner_url,
            self.database_app_url,
            self.database_system_url,
        )
        if owner is None or app is None or system is None:
            return None
        return Urls(owner, app, system)


VARIABLES = {variable.metadata["variable"]: variable for variable in fields(Settings)}
"""The fields of `Settings` by their variable."""


def _unknown(env: Mapping[str, str]) -> list[Problem]:
    known = VARIABLES.keys() | FOREIGN
    return [
        Problem(name, "expected no such variable; see .env.example")
        for name in env
        if name.startswith(PREFIX) and name.removesuffix(FILE_SUFFIX) not in known
    ]


def _text_of(name: str, env: Mapping[str, str]) -> str:
    text, file = env.get(name, ""), env.get(f"{name}{FILE_SUFFIX}", "")
    if text and file:
        raise ValueError(f"either {name} or {name}{FILE_SUFFIX}")
    return _text_in(Path(file)) if file else text.strip()


def _text_in(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            raw = opened.read(FILE_BYTES_MAX + 1)
        if len(raw) <= FILE_BYTES_MAX and (text := raw.decode().strip()):
            return text
    except (OSError, UnicodeDecodeError):
        pass
    raise ValueError(f"a readable text file of 1 to {FILE_BYTES_MAX} bytes at {file}")


def _contradictions(settings: Settings, *, found: set[str]) -> list[Problem]:
    """Return what single values cannot show, for names that are not `found` wanting already."""
    problems = _database_problems(settings)
    if settings.gateway_tokenless and not settings.gateway_allowlist:
        expected = "expected WATTLEDGER_GATEWAY_ALLOWLIST with it, or anybody is a collector"
        problems.append(Problem("WATTLEDGER_GATEWAY_TOKENLESS", expected))
    if settings.stripe_secret_key is not None and not settings.stripe_webhook_secrets:
        expected = "expected with WATTLEDGER_STRIPE_SECRET_KEY, or nobody hears of payments"
        problems.append(Problem("WATTLEDGER_STRIPE_WEBHOOK_SECRETS", expected))
    return [problem for problem in problems if problem.name not in found]


def _database_problems(settings: Settings) -> list[Problem]:
    urls = {
        "DATABASE_URL": settings.database_owner_url,
        "DATABASE_APP_URL": settings.database_app_url,
        "DATABASE_SYSTEM_URL": settings.database_system_url,
    }
    given = [url for url in urls.values() if url is not None]
    if not given:
        return []
    problems = [
        Problem(name, "expected all three of the database's URLs, or none")
        for name, url in urls.items()
        if url is None
    ]
    if len({urlsplit(url).username for url in given}) < len(given):
        # A table's owner is not bound by its policies: companies would see each other.
        problems.append(Problem("DATABASE_APP_URL", "expected a role of its own in each URL"))
    secrets = {
        "WATTLEDGER_TOKEN_SECRET": settings.token_secret,
        "WATTLEDGER_DATA_KEY": settings.data_key,
    }
    return problems + [
        Problem(name, "expected together with DATABASE_URL")
        for name, secret in secrets.items()
        if secret is None
    ]

"""Readers of single values from the environment.

A reader takes the text and returns the value; anything else raises a `ValueError` that says what
was expected, without repeating the text, which may be a secret.
"""

import re
from datetime import timedelta
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

SECRET_BYTES_MIN = 32
PORT_MAX = 65_535
TTL_S_MAX = 366 * 24 * 3600
NETWORKS_MAX = 1_000
ORIGINS_MAX = 100
WEBHOOK_SECRETS_MAX = 5
DEFAULT_PORTS = {"http": 80, "https": 443}
HOST_NAME = r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
IPV6 = r"\[[0-9a-f:.]{2,45}\]"
ORIGIN = rf"(?P<scheme>https?)://({LABEL}(\.{LABEL})*|{IPV6})(:(?P<port>[0-9]{{1,5}}))?"
INGEST_CONNECTIONS_MAX = 64
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# No smaller than the dearest operation, which could never be run.
COST_BUDGET_MIN = 1_000
COST_BUDGET_MAX = 10_000_000
COST_BUDGET_PER_S_MAX = 1_000_000

IPNetwork = IPv4Network | IPv6Network


def database_url(text: str) -> str:
    """Return a PostgreSQL URL with a host, a user and a database."""
    if not _is_url(text, schemes={"postgresql", "postgres"}, named=True):
        raise ValueError("postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    return text


def redis_url(text: str) -> str:
    if not _is_url(text, schemes={"redis", "rediss"}, named=False):
        raise ValueError("redis://:PASSWORD@HOST:PORT/NUMBER")
    return text


def smtp_url(text: str) -> str:
    """Return the URL of a mail server; a password never goes over the network in the clear."""
    if not _is_url(text, schemes={"smtp", "smtps", "starttls"}, named=False):
        raise ValueError("smtps://USER:PASSWORD@HOST:PORT, or starttls:// or smtp:// so")
    parts = urlsplit(text)
    if parts.scheme == "smtp" and parts.password and parts.hostname not in LOOPBACK:
        raise ValueError("smtps:// or starttls:// with a password")
    return text


def web_url(text: str) -> str:
    """Return a URL without a slash at its end."""
    if not _is_url(text, schemes={"http", "https"}, named=False) or urlsplit(text).query:
        raise ValueError("https://HOST")
    return text.rstrip("/")


def stripe_key(text: str) -> str:
    """Return a secret or restricted key of Stripe's."""
    if not re.fullmatch(r"(sk|rk)_(test|live)_[A-Za-z0-9_]{8,250}", text):
        raise ValueError("a secret key of Stripe's, such as sk_test_…")
    return text


def webhook_secrets(text: str) -> tuple[str, ...]:
    """Return secrets that sign webhooks; several while one replaces another."""
    secrets = tuple(one.strip() for one in text.split(","))
    if len(secrets) > WEBHOOK_SECRETS_MAX or not all(
        re.fullmatch(r"whsec_[A-Za-z0-9+/=_-]{8,250}", one) for one in secrets
    ):
        raise ValueError(f"whsec_…, or up to {WEBHOOK_SECRETS_MAX} of them with commas between")
    return secrets


def mailbox(text: str) -> str:
    """Return an address, with or without a name: `Name <name@example.com>`."""
    _, address = parseaddr(text)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", address) or not text.isprintable():
        raise ValueError("NAME <ADDRESS@HOST>")
    return text


def host(text: str) -> str:
    """Return a name or an address, the latter without brackets."""
    try:
        return str(ip_address(text))
    except ValueError:
        if re.fullmatch(HOST_NAME, text):
            return text
        raise ValueError("a host name or an address") from None


def port(text: str) -> int:
    return _whole_number(text, 0, PORT_MAX)


def seconds(text: str) -> timedelta:
    return timedelta(seconds=_whole_number(text, 1, TTL_S_MAX))


def ingest_connections(text: str) -> int:
    return _whole_number(text, 1, INGEST_CONNECTIONS_MAX)


def cost_budget(text: str) -> int:
    return _whole_number(text, COST_BUDGET_MIN, COST_BUDGET_MAX)


def cost_budget_per_s(text: str) -> int:
    return _whole_number(text, 1, COST_BUDGET_PER_S_MAX)


def sms_gateway(text: str) -> str:
    return _one_of(text, "log")


def log_level(text: str) -> str:
    return _one_of(text, "DEBUG", "INFO", "WARNING", "ERROR")


def log_format(text: str) -> str:
    return _one_of(text, "auto", "json", "text")


def secret(text: str) -> str:
    if len(text.encode()) < SECRET_BYTES_MIN:
        raise ValueError(f"at least {SECRET_BYTES_MIN} bytes")
    return text


def switch(text: str) -> bool:
    values = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if text.lower() not in values:
        raise ValueError("true or false")
    return values[text.lower()]


def networks(text: str) -> tuple[IPNetwork, ...]:
    """Return networks separated by commas; a single address is a network of one."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > NETWORKS_MAX:
        raise ValueError(f"at most {NETWORKS_MAX} networks")
    try:
        return tuple(ip_network(part) for part in parts)
    except ValueError:
        raise ValueError("networks such as 10.0.0.0/8, separated by commas") from None


def origins(text: str) -> tuple[str, ...]:
    """Return origins of web pages separated by commas, as browsers write them."""
    parts = tuple(part.strip() for part in text.split(","))
    if len(parts) > ORIGINS_MAX:
        raise ValueError(f"at most {ORIGINS_MAX} origins")
    if all(_is_origin(part) for part in parts):
        return parts
    raise ValueError(
        "origins such as https://app.example.com, separated by commas: in lower case, without a"
        " path, and with a port only if it is not the usual one"
    )


def _is_origin(text: str) -> bool:
    parts = re.fullmatch(ORIGIN, text)
    if parts is None:
        return False
    port = parts["port"]
    # A port is written without zeros in front, and the usual one not at all.
    return port is None or (
        port == str(int(port))
        and int(port) <= PORT_MAX
        and int(port) != DEFAULT_PORTS[parts["scheme"]]
    )


def _whole_number(text: str, minimum: int, maximum: int) -> int:
    # int() would also take "1_000" and digits of other scripts.
    if text.isascii() and text.isdigit() and minimum <= int(text) <= maximum:
        return int(text)
    raise ValueError(f"a whole number from {minimum} to {maximum}")


def _one_of(text: str, *choices: str) -> str:
    for choice in choices:
        if text.lower() == choice.lower():
            return choice
    raise ValueError(f"one of {', '.join(choices)}")


def _is_url(text: str, *, schemes: set[str], named: bool) -> bool:
    """Return whether it is a URL with a host and, if `named`, with a user and a path."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    complete = not named or bool(parts.username and parts.path.strip("/"))
    return parts.scheme in schemes and bool(parts.hostname) and complete

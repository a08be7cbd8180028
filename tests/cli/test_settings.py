"""What the environment may say."""

import re
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from db.settings import VARIABLES, InvalidSettings, Settings, Urls

EXAMPLE = Path(__file__).parents[2] / ".env.example"
SECRET = "s" * 32
SERVER = {
    "DATABASE_URL": "postgresql://owner:o@db:5432/wattledger",
    "DATABASE_APP_URL": "postgresql://app:a@db:5432/wattledger",
    "DATABASE_SYSTEM_URL": "postgresql://system:s@db:5432/wattledger",
    "WATTLEDGER_TOKEN_SECRET": SECRET,
    "WATTLEDGER_DATA_KEY": SECRET,
}


def example() -> dict[str, str]:
    lines = re.findall(r"^#?([A-Z][A-Z_]+)=(.*)$", EXAMPLE.read_text(), flags=re.MULTILINE)
    return dict(lines)


def problems_of(env: dict[str, str]) -> list[str]:
    with pytest.raises(InvalidSettings) as caught:
        Settings.from_env(env)
    return [problem.name for problem in caught.value.problems]


def test_nothing_has_to_be_set() -> None:
    settings = Settings.from_env({"PATH": "/usr/bin"})

    assert settings == Settings()
    assert settings.databases is None
    assert settings.redis_url is None
    assert (settings.api_host, settings.api_port) == ("127.0.0.1", 8080)


def test_every_variable_is_in_the_example() -> None:
    assert set(example()) == set(VARIABLES)


def test_the_example_shows_the_defaults() -> None:
    shown = {
        name: text for name, text in example().items() if name.startswith("WATTLEDGER_") and text
    }

    assert Settings.from_env(shown) == Settings()


@pytest.mark.parametrize(
    ("name", "text", "field", "expected"),
    [
        ("REDIS_URL", "rediss://:p@cache:6380/1", "redis_url", "rediss://:p@cache:6380/1"),
        ("WATTLEDGER_HOME", "/var/lib/wattledger", "home", Path("/var/lib/wattledger")),
        ("WATTLEDGER_API_HOST", "::1", "api_host", "::1"),
        ("WATTLEDGER_API_PORT", "0", "api_port", 0),
        ("WATTLEDGER_GATEWAY_PORT", "65535", "gateway_port", 65535),
        (
            "WATTLEDGER_GATEWAY_ALLOWLIST",
            "10.0.0.0/8, 2001:db8::1",
            "gateway_allowlist",
            (ip_network("10.0.0.0/8"), ip_network("2001:db8::1/128")),
        ),
        (
            "WATTLEDGER_ALLOWED_ORIGINS",
            "https://app.example.com, http://localhost:5173,http://[::1]:3000",
            "allowed_origins",
            ("https://app.example.com", "http://localhost:5173", "http://[::1]:3000"),
        ),
        ("WATTLEDGER_ACCESS_TOKEN_TTL_S", "60", "access_token_ttl", timedelta(minutes=1)),
        ("WATTLEDGER_TOKEN_SECRET", SECRET, "token_secret", SECRET),
        ("WATTLEDGER_SMTP_URL", "smtps://u:p@mail:465", "smtp_url", "smtps://u:p@mail:465"),
        (
            "WATTLEDGER_STRIPE_WEBHOOK_SECRETS",
            "whsec_0123456789, whsec_abcdefghij",
            "stripe_webhook_secrets",
            ("whsec_0123456789", "whsec_abcdefghij"),
        ),
        (
            "WATTLEDGER_STRIPE_API_URL",
            "http://localhost:8090/",
            "stripe_api_url",
            "http://localhost:8090",
        ),
        ("WATTLEDGER_SMTP_URL", "smtp://u:p@127.0.0.1", "smtp_url", "smtp://u:p@127.0.0.1"),
        ("WATTLEDGER_SMS_GATEWAY", "LOG", "sms_gateway", "log"),
        (
            "WATTLEDGER_PUBLIC_URL",
            "https://meters.example/",
            "public_url",
            "https://meters.example",
        ),
        ("WATTLEDGER_MAIL_FROM", "a@b.example", "mail_from", "a@b.example"),
        ("WATTLEDGER_DATA_KEY", SECRET, "data_key", SECRET),
        ("WATTLEDGER_LOG_LEVEL", "debug", "log_level", "DEBUG"),
        ("WATTLEDGER_LOG_FORMAT", "json", "log_format", "json"),
        ("WATTLEDGER_PRODUCTION", "True", "production", True),
        ("WATTLEDGER_PRODUCTION", "", "production", False),
    ],
)
def test_a_variable_is_read(name: str, text: str, field: str, expected: object) -> None:
    settings = Settings.from_env({name: text})

    assert getattr(settings, field) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("WATTLEDGER_API_PORTS", "1", id="unknown"),
        pytest.param("WATTLEDGER_API_PORT", "65536", id="port too high"),
        pytest.param("WATTLEDGER_API_PORT", "80_80", id="no plain number"),
        pytest.param("WATTLEDGER_API_PORT", "-1", id="negative"),
        pytest.param("WATTLEDGER_API_HOST", "http://host", id="URL for a host"),
        pytest.param("WATTLEDGER_INGEST_CONNECTIONS", "0", id="no connection"),
        pytest.param("WATTLEDGER_ACCESS_TOKEN_TTL_S", "15m", id="unit"),
        pytest.param("WATTLEDGER_TOKEN_SECRET", "short", id="short secret"),
        pytest.param("WATTLEDGER_GATEWAY_ALLOWLIST", "10.0.0.1/8", id="host bits"),
        pytest.param("WATTLEDGER_GATEWAY_ALLOWLIST", "10.0.0.0/8,", id="trailing comma"),
        pytest.param("WATTLEDGER_ALLOWED_ORIGINS", "*", id="every origin"),
        pytest.param("WATTLEDGER_ALLOWED_ORIGINS", "null", id="a sandbox's origin"),
        pytest.param("WATTLEDGER_ALLOWED_ORIGINS", "app.example.com", id="origin without scheme"),
        pytest.param("WATTLEDGER_ALLOWED_ORIGINS", "https://app.example.com/", id="a slash"),
        pytest.param("WATTLEDGER_ALLOWED_ORIGINS", "https://App.example.com", id="upper case"),
        pytest.param("WATTLEDGER_ALLOWED_ORIGINS", "https://app.example.com:443", id="usual port"),
        pytest.param("WATTLEDGER_ALLOWED_ORIGINS", "https://app.example.com:0443", id="zeros"),
        pytest.param("WATTLEDGER_ALLOWED_ORIGINS", "https://a@b.example.com", id="a user"),
        pytest.param("WATTLEDGER_ALLOWED_ORIGINS", "https://*.example.com", id="a pattern"),
        pytest.param("WATTLEDGER_GATEWAY_TOKENLESS", "true", id="anybody is a collector"),
        pytest.param("WATTLEDGER_PRODUCTION", "maybe", id="no switch"),
        pytest.param("WATTLEDGER_LOG_LEVEL", "LOUD", id="no level"),
        pytest.param("WATTLEDGER_SMS_GATEWAY", "pigeon", id="no gateway that we know"),
        pytest.param("WATTLEDGER_STRIPE_SECRET_KEY", "pk_test_0123456789", id="a public key"),
        pytest.param("WATTLEDGER_STRIPE_WEBHOOK_SECRETS", "whsec_0123456789,", id="half a secret"),
        pytest.param("WATTLEDGER_SMTP_URL", "mail.example", id="no URL of a mail server"),
        pytest.param("WATTLEDGER_SMTP_URL", "smtp://u:p@mail.example", id="password in the clear"),
        pytest.param("WATTLEDGER_PUBLIC_URL", "ftp://meters.example", id="no place for pages"),
        pytest.param("WATTLEDGER_MAIL_FROM", "nobody", id="no address"),
        pytest.param("REDIS_URL", "localhost:6379", id="no URL"),
        pytest.param("WATTLEDGER_TOKEN_SECRET_FILE", "/nowhere/at/all", id="no file"),
    ],
)
def test_what_cannot_be_used_is_named(name: str, text: str) -> None:
    assert problems_of({name: text}) == [name.removesuffix("_FILE")]


def test_all_problems_are_listed_at_once_without_their_values() -> None:
    env = {"WATTLEDGER_API_PORT": "http", "WATTLEDGER_NO": "1", "DATABASE_URL": "hunter2"}

    with pytest.raises(InvalidSettings) as caught:
        Settings.from_env(env)

    assert [problem.name for problem in caught.value.problems] == [
        "DATABASE_URL",
        "WATTLEDGER_API_PORT",
        "WATTLEDGER_NO",
    ]
    assert "WATTLEDGER_API_PORT: expected a whole number from 0 to 65535" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_database_has_three_roles() -> None:
    settings = Settings.from_env(SERVER)

    assert settings.databases == Urls(
        owner=SERVER["DATABASE_URL"],
        app=SERVER["DATABASE_APP_URL"],
        system=SERVER["DATABASE_SYSTEM_URL"],
    )


@pytest.mark.parametrize("missing", sorted(SERVER))
def test_a_database_needs_all_its_urls_and_a_secret(missing: str) -> None:
    assert problems_of({**SERVER, missing: ""}) == [missing]


def test_two_roles_are_never_one() -> None:
    env = {**SERVER, "DATABASE_APP_URL": SERVER["DATABASE_URL"]}

    assert problems_of(env) == ["DATABASE_APP_URL"]


def test_a_value_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")

    settings = Settings.from_env({"WATTLEDGER_TOKEN_SECRET_FILE": str(tmp_path / "secret")})

    assert settings.token_secret == SECRET


def test_a_value_comes_from_one_place(tmp_path: Path) -> None:
    (tmp_path / "level").write_text("DEBUG")
    env = {
        "WATTLEDGER_LOG_LEVEL": "INFO",
        "WATTLEDGER_LOG_LEVEL_FILE": str(tmp_path / "level"),
    }

    assert problems_of(env) == ["WATTLEDGER_LOG_LEVEL"]


def test_secrets_do_not_show() -> None:
    settings = Settings.from_env({**SERVER, "REDIS_URL": "redis://:hidden@cache"})

    shown = repr(settings) + repr(settings.databases)

    assert SECRET not in shown
    assert "hidden" not in shown
    assert "owner:o@" not in shown


def test_urls_of_another_database_differ_in_its_name_alone() -> None:
    urls = Urls("postgresql://o:1@h:1/a?ssl=true", "postgresql://a:2@h:1/a", "postgresql://s:3@h/a")

    assert urls.of("b") == Urls(
        "postgresql://o:1@h:1/b?ssl=true", "postgresql://a:2@h:1/b", "postgresql://s:3@h/b"
    )


def test_who_takes_payments_has_to_hear_of_them() -> None:
    key = {"WATTLEDGER_STRIPE_SECRET_KEY": "sk_test_0123456789"}
    secrets = {"WATTLEDGER_STRIPE_WEBHOOK_SECRETS": "whsec_0123456789"}

    assert problems_of(key) == ["WATTLEDGER_STRIPE_WEBHOOK_SECRETS"]
    assert Settings.from_env(key | secrets).stripe_webhook_secrets == ("whsec_0123456789",)

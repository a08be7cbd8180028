"""Running our commands as somebody at a terminal does."""

import subprocess
import sys

from db.settings import Urls
from tests.cli.demo_run import PATIENCE_S


def run(env: dict[str, str], *arguments: str, said: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-m", "cli.main", *arguments],
        env=env,
        input=said,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def database_settings(database: Urls) -> dict[str, str]:
    """Return the environment that names a database."""
    return {
        "DATABASE_URL": database.owner,
        "DATABASE_APP_URL": database.app,
        "DATABASE_SYSTEM_URL": database.system,
    }

"""Running our commands as somebody at a terminal does."""

import subprocess
import sys

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

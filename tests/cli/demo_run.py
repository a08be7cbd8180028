"""A demo in a process of its own, as somebody at a terminal runs it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE_S = 60.0
POLL_S = 0.05
OPTIONS = ("--meters", "20", "--collectors", "2", "--history", "1h", "--period", "1s")
PORTS = ("API", "GATEWAY", "GATEWAY_HEALTH", "WORKER_HEALTH")


@dataclass(frozen=True, slots=True)
class DemoRun:
    process: subprocess.Popen[bytes]
    output: Path

    @property
    def said(self) -> str:
        return self.output.read_text()

    @property
    def port(self) -> str:
        """Return where its API listens."""
        found = re.search(r"http://127\.0\.0\.1:(\d+)/graphql", self.said)
        assert found is not None, self.said
        return found[1]

    def wait_for(self, text: str) -> None:
        """Wait until the demo has said it."""
        end = time.monotonic() + PATIENCE_S
        while text not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < end, self.said
            time.sleep(POLL_S)

    def stop(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(PATIENCE_S)

    def ask(self, query: str, token: str | None = None, **variables: object) -> Any:
        """Return the data of an answer of its API."""
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        body = json.dumps({"query": query, "variables": variables}).encode()
        url = f"http://127.0.0.1:{self.port}/graphql"
        request = urllib.request.Request(url, body, headers)
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
            parsed = json.load(answer)
        assert "errors" not in parsed, parsed
        return parsed["data"]

    def wait_for_mail(self, subject: str) -> dict[str, Any]:
        """Wait until the page of mail shows one, and return it."""
        found = re.search(r"Mail that people got\W+(http://\S+/)", self.said)
        assert found is not None, self.said
        end = time.monotonic() + PATIENCE_S
        while True:
            with urllib.request.urlopen(f"{found[1]}mails.json", timeout=PATIENCE_S) as answer:  # noqa: S310
                mails = json.load(answer)
            fitting: list[dict[str, Any]] = [one for one in mails if one["subject"] == subject]
            if fitting:
                return fitting[0]
            assert time.monotonic() < end, mails
            time.sleep(POLL_S)


def environment(home: Path) -> dict[str, str]:
    own = {f"WATTLEDGER_{name}_PORT": "0" for name in PORTS}
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("WATT", "DATABASE"))}
    return {**inherited, **own, "WATTLEDGER_HOME": str(home), "COLUMNS": "200"}


def command(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of ours on this home, to its end."""
    return subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-m", "cli.main", *arguments],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@contextmanager
def demo_run(home: Path) -> Iterator[DemoRun]:
    output = home.with_name(f"{home.name}-{time.monotonic_ns()}.out")
    with output.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "cli.main", "demo", *OPTIONS],
            env=environment(home),
            stdout=file,
            stderr=file,
        )
    try:
        yield DemoRun(process, output)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def processes_of(home: Path, *, running: str = "") -> list[int]:
    """Return the processes that were told of this home, of those whose command has `running`."""
    return [pid for pid in _pids() if running in _told(pid, "cmdline") and _knows(pid, home)]


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _knows(pid: int, home: Path) -> bool:
    in_environment = f"WATTLEDGER_HOME={home} " in _told(pid, "environ")
    return in_environment or f"{home}/" in _told(pid, "cmdline")


def _told(pid: int, what: str) -> str:
    try:
        raw = Path(f"/proc/{pid}/{what}").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""
    return raw.replace(b"\0", b" ").decode(errors="replace")

"""Looking at this machine: Python, the home, the disk, the ports and the settings' dangers."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cli.demo.children import is_ready
from cli.doctor.check import Check, fail, ok, warn
from cli.embedded.ports import is_free
from db.settings import Settings

PYTHON_MIN: Final = (3, 11)
DISK_BYTES_LOW: Final = 5 * 1024**3
DISK_BYTES_MIN: Final = 500 * 1024**2
GIB: Final = 1024**3


def python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < PYTHON_MIN:
        return fail("Python", version, "Install Python 3.11 or newer.")
    return ok("Python", version)


def home(settings: Settings) -> Iterator[Check]:
    """Look whether the home can be written, and how much room there is."""
    path = settings.home.resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        mend = "Let WATTLEDGER_HOME name a folder that this user can write."
        yield fail("Home", f"{path}: {error.strerror}", mend)
        return
    yield ok("Home", str(path))
    yield _disk(path)


def _disk(path: Path) -> Check:
    free = shutil.disk_usage(path).free
    found = f"{free / GIB:.1f} GiB free"
    if free < DISK_BYTES_MIN:
        return fail("Disk", found, "Make room: PostgreSQL stops when its disk is full.")
    if free < DISK_BYTES_LOW:
        return warn("Disk", found, "Make room before PostgreSQL's disk is full.")
    return ok("Disk", found)


async def ports(settings: Settings) -> list[Check]:
    """Look whether our ports are free, or ours already."""
    health = settings.health_host
    gateway_runs = await _runs(health, settings.gateway_health_port)
    return [
        _port("API", settings.api_port, await _runs(settings.api_host, settings.api_port)),
        _port("gateway", settings.gateway_port, gateway_runs),
        _port("gateway's health", settings.gateway_health_port, gateway_runs),
        _port(
            "worker's health",
            settings.worker_health_port,
            await _runs(health, settings.worker_health_port),
        ),
    ]


async def _runs(host: str, port: int) -> bool:
    return bool(port) and await is_ready(host, port)


def _port(name: str, port: int, is_ours: bool) -> Check:
    title = f"Port of the {name}"
    if is_ours:
        return ok(title, f"{port}, it runs")
    if not port or is_free(port):
        return ok(title, f"{port}, free" if port else "any")
    mend = "Stop what listens there, or set another port; .env.example names the variables."
    return warn(title, f"{port} is in use, and not by one of ours that is ready", mend)


def dangers(settings: Settings) -> Iterator[Check]:
    """Look for settings that are allowed and weak."""
    if settings.gateway_tokenless:
        mend = "Give every collector a token and set WATTLEDGER_GATEWAY_TOKENLESS=false."
        yield warn("Gateway", "an address alone identifies a collector", mend)
    else:
        yield ok("Gateway", "collectors prove themselves by tokens")
    if settings.databases is not None and not settings.production:
        mend = "Set WATTLEDGER_PRODUCTION=true where strangers can reach the API."
        yield warn("API", "anybody may explore the schema", mend)
